/* link.h - accounts here and the people sign-on services know: one subject belongs to one account. A link comes about by an invitation, which whoever
 * opens it answers by signing on, or by an application that somebody who manages accounts approves. Inside the tenant. */
#ifndef DAICHO_IDENTITY_LINK_H
#define DAICHO_IDENTITY_LINK_H

#include "base/json.h"

/* [{id, provider_id, provider, kind, email, name, created_at, used_at}] of an account. */
rc link_list(struct cx *cx, int64_t account_id, json_t **ret) MUST_USE;
/* Ends a link; sessions that came by it are ended by the caller's next step. RC_UNKNOWN. */
rc link_erase(struct cx *cx, int64_t account_id, int64_t id) MUST_USE;

/* {applicants: [{id, provider_id, provider, kind, subject, email, name, created_at, refused_at, state (waiting | refused)}]}. */
rc link_applicants(struct cx *cx, json_t **ret) MUST_USE;
rc link_applicant_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* in: login, name, email, groups. Makes the account, without a password, and links it. RC_FORBIDDEN: groups that hold more than the caller. */
rc link_approve(struct cx *cx, int64_t id, const json_t *in, json_t **ret_account) MUST_USE;
/* Refused stays known, so that it is not asked again; forgotten may apply anew. */
rc link_refuse(struct cx *cx, int64_t id) MUST_USE;
rc link_forget(struct cx *cx, int64_t id) MUST_USE;

/* For somebody else (who must hold no more than the caller) or for the own account. *ret: what the link must carry, once; valid for 7 days, replaces an
 * earlier one. */
rc link_invite(struct cx *cx, int64_t provider_id, int64_t account_id, str *ret) MUST_USE;

#endif
