/* alert.h - what the database noticed about somebody (schema/0021_alert.sql) and people must hear of. Noticing is the database's; this tells. */
#ifndef DAICHO_IDENTITY_ALERT_H
#define DAICHO_IDENTITY_ALERT_H

#include "base/json.h"

/* For the jobs processes. Outside any tenant: the next one after `after`; *ret_tenant absent: there is none. */
rc alert_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
/* Inside it. *ret: {alert probing | place | drift, actor_kind, actor_id, actor, source, count, at, person_id, name}; the last two of accounts only.
 * NULL: somebody else has told it meanwhile. */
rc alert_tell(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

/* About the account of a person, newest first: [{id, kind, source, count, at}]. */
rc alert_list(struct cx *cx, int64_t person_id, json_t **ret) MUST_USE;

#endif
