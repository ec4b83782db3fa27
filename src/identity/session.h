/* session.h - logging in and being logged in. A session is a row of daicho.session found by SHA-256 of the cookie's value; it dies after three hours
 * without a request (the database's clock), with its account's suspension, and at once when it is ended. Always a fresh token at log-in, so that
 * nobody can be given one beforehand. The look-up itself is gate's first trip (daicho.session_enter). */
#ifndef DAICHO_IDENTITY_SESSION_H
#define DAICHO_IDENTITY_SESSION_H

#include "base/json.h"

/* Who a log-in is about. */
struct attempt {
        str tenant;         /* absent: there is no such contract, or it is not active */
        enum lang lang;     /* the contract's */
        int64_t account_id; /* 0: no such account */
        str login;          /* as the account writes it; absent without account */
        str groups;
        bool active;
        bool locked; /* so many were wrong that the right one is refused too */
        bool held;   /* the contract is suspended: the right one is told so */
        bool busy;   /* too many attempts: nothing was charged, and nothing is looked at */
        str hash;    /* absent: no password was set */
};

/* Somebody to be told of wrong log-ins. */
struct alert {
        str recipient, lang; /* e-mail address; "ja" | "en" */
        str title;           /* of the contract */
        int64_t count;       /* wrong ones in ten minutes */
        bool locked;         /* the account was; else: a burst */
        msec at;
};

/* In an auth process, outside a transaction: looks the account up and charges it one failure, which session_open takes back. RC_OK whatever is found.
 * certificate: serial the caller came with, or "". */
rc session_attempt(struct cx *cx, str tenant, str login, str certificate, struct attempt *ret) MUST_USE;
/* Is it the account's password, and may it come in? RC_UNAUTHORIZED with one sentence for every reason, after the same work; RC_FORBIDDEN when the
 * password is right and the contract suspended; RC_BUSY when there were too many attempts under this name, whether or not somebody has it. */
rc session_verify(struct cx *cx, const struct attempt *attempt, str password) MUST_USE;
/* After a right one, inside the tenant: a hash that costs more or less than those of today is made anew, so that no account answers in a time of its own. */
rc session_recost(struct cx *cx, const struct attempt *attempt, str password) MUST_USE;
/* In an auth process, outside a transaction, after a wrong one: counts it and locks the account when it was one too many. Gives who is to be told. */
rc session_failed(struct cx *cx, const struct attempt *attempt, str login, struct alert **ret, size_t *ret_count) MUST_USE;

/* The password of the account the caller is logged in with, once more (own change, lock screen). First, inside the tenant, the charge, to be committed
 * by the caller; then the look. RC_INVALID about `item`, RC_FORBIDDEN when the account is locked, RC_BUSY. */
rc session_again(struct cx *cx, struct attempt *ret) MUST_USE;
rc session_again_verify(struct cx *cx, const struct attempt *attempt, str password, const char *item) MUST_USE;
/* In an auth process, inside the tenant, in the transaction of the log-in's entry. *ret_token: the cookie's value, 43 characters.
 * old_token (absent: none): the browser's session until now, which ends. take_over: a live session of the account elsewhere ends, too.
 * *ret_stage: "full", or what is still missing: "factor", "enroll", "confirm" (logged in elsewhere, and take_over was not said). */
rc session_open(struct cx *cx, int64_t account_id, str agent, str old_token, bool take_over, str *ret_token, str *ret_stage) MUST_USE;
/* What a sign-on provider said of whom it sends. */
struct provided {
        int64_t account_id, provider_id;
        bool proof;       /* it confirmed a second factor */
        str context;      /* JSON: amr, acr, auth_time as it said them */
        int64_t lifetime; /* seconds its token lives; 0: it did not say */
        str sealed;       /* its refresh token, sealed; absent: none */
};

/* In an sso process, inside the tenant; like session_open. Never lives longer than the provider's token. RC_FORBIDDEN. */
rc session_open_by_provider(struct cx *cx, const struct provided *p, str agent, str old_token, str *ret_token, str *ret_stage) MUST_USE;
/* In an auth process, for the session the caller came by: `proof` (totp | passkey | recovery: the second factor; confirm: the other session is given up)
 * has been shown. A fresh token. RC_CONFLICT when the session does not wait for this. */
rc session_raise(struct cx *cx, const char *proof, bool take_over, str *ret_token, str *ret_stage) MUST_USE;

/* Inside the tenant. End the session the caller came by. */
rc session_close(struct cx *cx) MUST_USE;
/* Live sessions of an account, newest first: [{id, source, agent, created_at, seen_at, current}]. */
rc session_list(struct cx *cx, int64_t account_id, json_t **ret) MUST_USE;
/* Every live session of the contract, the half-way ones too: {sessions: [{id, account_id, login, name, groups, source, agent, stage, created_at, seen_at,
 * current}], next}. query: {account, after (cursor), limit}. */
rc session_all(struct cx *cx, const json_t *query, json_t **ret) MUST_USE;
/* For whoever manages sessions: end one (RC_UNKNOWN), or all of an account (how many). */
rc session_end_any(struct cx *cx, int64_t id, int64_t *ret_account) MUST_USE;
rc session_end_all(struct cx *cx, int64_t account_id, int64_t *ret_count) MUST_USE;
/* The screen of the session the caller came by: nothing can be reached until the password is given again. RC_INVALID for an API key. */
rc session_lock(struct cx *cx) MUST_USE;
/* A computer others use as well: the session of this cookie ends within the hour and hands out no file from now on. Already so: nothing changes. */
rc session_share(struct cx *cx, str token) MUST_USE;
/* Where whoever asks sits. own: at a device of their own, or they have one and have not said; a key: it belongs to one. */
struct session_place {
        bool shared, own, known;
        int64_t device_id; /* 0: not known */
        str device;
};
/* certificate: serial of the one the request came with, "": none; one that belongs to a device counts more than what was said. */
rc session_place(struct cx *cx, str certificate, struct session_place *ret) MUST_USE;
/* For the log: {id, name, own}; NULL: neither known nor an own one. */
json_t *session_place_model(const struct session_place *place);
/* Asked before a file is handed out. RC_FORBIDDEN on a shared computer; at a device of one's own, too, unless what is handed out is looked at by whoever does (contact). */
rc session_takeaway_check(struct cx *cx, str certificate, bool contact) MUST_USE;
/* At which of their own devices whoever asks sits, from now on. RC_INVALID (item device_id); RC_CONFLICT: it is known to come from another. */
rc session_sit(struct cx *cx, int64_t device_id, str *ret_name) MUST_USE;
/* In an auth process, after session_again_verify. *ret_stage: full, or factor for an account that has one. RC_CONFLICT when it is not locked. */
rc session_unlock(struct cx *cx, str *ret_stage) MUST_USE;
/* End one (RC_UNKNOWN when it is not the account's), or all but `but` (0: all). */
rc session_end(struct cx *cx, int64_t account_id, int64_t id) MUST_USE;
rc session_end_others(struct cx *cx, int64_t account_id, int64_t but) MUST_USE;

#endif
