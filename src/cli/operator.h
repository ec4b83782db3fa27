/* operator.h - a command that touches a contract goes the same way as a request: as somebody, in its scope, logged. Its scope is the operator's desk (role
 * t_NAME_desk, schema/0015_support.sql), from which no record can be seen: commands about records go by front.h. */
#ifndef DAICHO_CLI_OPERATOR_H
#define DAICHO_CLI_OPERATOR_H

#include "cli/command.h"
#include "log/verb.h"

/* Be connected to the running house as this one of its database roles. RC_UNAVAILABLE when it does not run. */
rc operator_connect(struct cx *cx, const char *role) MUST_USE;
/* `--tenant NAME` (or $DAICHO_TENANT): which one. */
rc operator_tenant(struct cx *cx, struct args *args, str *ret) MUST_USE;

/* work(): inside a tenant (or, with tenant absent, in a transaction of daicho_owner) as the operator; entry and commit follow.
 * data: handed on. LOG_NOTHING: no entry unless it is refused. */
typedef rc (*operator_work)(struct cx *cx, void *data);
rc operator_do(struct cx *cx, str tenant, enum log_verb verb, operator_work work, void *data) MUST_USE;

#endif
