/* notice.h - one message to one person. It is written down in the transaction of what it tells about, and sent by the mailer after the commit. */
#ifndef DAICHO_NOTIFY_NOTICE_H
#define DAICHO_NOTIFY_NOTICE_H

#include "base/json.h"

/* Once at start: "https://shop.example:8443", for links in messages; in every model as `url`. */
void notice_start(str url);

/* To somebody for whom an account of the tenant entered was made: where to log in, and the password, good for `days`. lang absent: the contract's. */
rc notice_first_password(struct cx *cx, str recipient, str lang, str login, str password, int64_t days) MUST_USE;

/* To somebody whose account is to be linked with a sign-on service: the link that does it. lang absent: the contract's. */
rc notice_link(struct cx *cx, str recipient, str lang, str login, str link) MUST_USE;

/* To everybody of the tenant entered who manages people and has an address, about something that cannot wait. kind: person_loss, person_violation
 * {id, name, by, device, what, note} or account_shared {person_id, name, login, here, there}. */
rc notice_managers(struct cx *cx, const char *kind, const json_t *model) MUST_USE;
/* To everybody of the tenant entered who manages accounts and has an address: whom wrong log-ins are told. kind: probing
 * {actor_kind, actor, source, count, at}. */
rc notice_guards(struct cx *cx, const char *kind, const json_t *model) MUST_USE;
/* To whose account it is; to those above when the account has no address. kind: place {actor, source, at}. */
rc notice_owner(struct cx *cx, int64_t account_id, const char *kind, const json_t *model) MUST_USE;
/* About a device: device_expiring, device_below, device_approved, device_refused to its owner; device_asked, device_unreturned with the functions above. */
/* To everybody of the tenant entered who decides about rights. kind: review_soon, review_overdue, review_event {review | null, opened, due_at}. */
rc notice_approvers(struct cx *cx, const char *kind, const json_t *model) MUST_USE;
/* About a request for rights. kind access_asked: to everybody who approves them, but the person who asked; access_approved, access_refused,
 * access_expired, access_ending, access_ended: to who asked and whose rights they are. model: {id, for_whom, purpose, by, until,
 * why}. */
rc notice_access(struct cx *cx, const char *kind, int64_t asked_person, int64_t person_id, const json_t *model) MUST_USE;
/* To somebody, about what is due: kind duty_reminder or duty_escalation {first, count, duties: [{title, duty, about, heading, due, missed}], more}, or move_asked,
 * move_reminder, move_overdue or move_result {first, moves: [{title, about, heading, register, record, asked_by, due, is_STATE, was_WHY}], more}. */
rc notice_duty(struct cx *cx, str recipient, str lang, const char *kind, const json_t *model) MUST_USE;
/* To everybody who may read the operation log and has an address. kind: log_review_late {id, begins, ends, due}. */
rc notice_log_readers(struct cx *cx, const char *kind, const json_t *model) MUST_USE;
/* To everybody who manages webhooks and has an address: one was switched off. kind: webhook_off {id, address, why, gone, failures, at, waiting}. */
rc notice_webhooks(struct cx *cx, const char *kind, const json_t *model) MUST_USE;
/* Wrong log-ins in the contract `tenant`: an account was locked, or there were many. In an auth process, outside of any contract. */
struct notice_login {
        str tenant, tenant_title;
        str login;  /* as the account writes it; absent: nobody has the name that was typed */
        str source; /* address the last one came from */
        int64_t count;
        msec at;
        bool locked; /* else: a burst */
};
rc notice_login(struct cx *cx, str recipient, str lang, const struct notice_login *what) MUST_USE;

/* A command of the operator did this inside the tenant entered: to those who manage accounts there, but for an account that it just made. verb, about: words
 * of the log. */
rc notice_operator(struct cx *cx, str verb, bool made, str about, int64_t id) MUST_USE;
/* Somebody works as root, and nothing says who: to `recipients` and the operators' own people, in both languages; not again within the hour. By a command,
 * outside of any contract. */
rc notice_root(struct cx *cx, str actor, str source, const str *recipients, size_t count) MUST_USE;
/* No backup of the house for too long: to the operators' own people, in both languages. By a jobs process, outside of any contract. told {taken_at}. */
rc notice_backup(struct cx *cx, const json_t *told) MUST_USE;
/* The same when the postal codes are old: told {imported_at}. */
rc notice_postal(struct cx *cx, const json_t *told) MUST_USE;

/* What a message of this kind says over `model`, for whoever writes it down elsewhere: {subject, body}. */
rc notice_words(struct cx *cx, const char *kind, enum lang lang, json_t *model, json_t **ret) MUST_USE;

/* Messages of the tenant entered, newest first: {notices: [{id, kind, kind_title, recipient, subject, state queued | sent | failed, created_at, sent_at}],
 * next: id | null}. Bodies are never shown. before_id 0: from the newest. */
rc notice_list(struct cx *cx, int64_t before_id, int limit, json_t **ret) MUST_USE;

#endif
