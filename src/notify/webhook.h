/* webhook.h - programs that are told what happens in a contract: their addresses, what they ask for, what became of each delivery. Events are written down by the
 * database, in the transaction of what they tell about (schema/0050_webhook.sql); the couriers send them (courier.h). Secrets are shown once, when made. */
#ifndef DAICHO_NOTIFY_WEBHOOK_H
#define DAICHO_NOTIFY_WEBHOOK_H

#include "base/json.h"
#include "http/fetch.h"

enum {
        WEBHOOK_ADDRESS_MAX = FETCH_URL_MAX,
        WEBHOOK_DESCRIPTION_MAX = 200,
        WEBHOOK_LIMIT = 20, /* addresses of a contract */
        WEBHOOK_DAYS = 14,  /* of the chart */
        WEBHOOK_KEPT_DAYS = 30,
        WEBHOOK_ATTEMPTS = 8,
        WEBHOOK_PAGE_MAX = 200,
        WEBHOOK_SECRET_SIZE = 32
};

/* Names of the events, NULL at the end. */
extern const char *const webhook_events[];
/* names, values, personal; NULL at the end. */
extern const char *const webhook_contents[];

/* Once in each process: who may be told beside the public Internet. networks: ranges, parted by spaces or commas; RC_INVALID about webhook_networks. */
rc webhook_start(struct cx *cx, str networks, bool plain) MUST_USE;
const struct fetch_border *webhook_border(void);

/* What a secret is sealed for (base/seal.h). */
str webhook_bound(struct cx *cx, str tenant, str handle);

/* {webhooks: [{id, address, description, events, registers, content, active, off_why, off_at, owner, held, version, created_at, updated_at, secret_at, old_until_at,
 * failures, failed_first_at, rests_until_at, answered_at, waiting}]}. */
rc webhook_list(struct cx *cx, json_t **ret) MUST_USE;
/* One; RC_UNKNOWN. */
rc webhook_get(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* in: {address, description, events, registers, content}. By a process that looks names up and holds the key. *ret_secret: whsec_…, never seen again. RC_INVALID,
 * RC_FORBIDDEN (it would be told what whoever asks may not see), RC_CONFLICT (there are WEBHOOK_LIMIT). */
rc webhook_create(struct cx *cx, const json_t *in, json_t **ret, str *ret_secret) MUST_USE;
/* Members given change, `active` too; RC_STALE. Whoever saves it is its owner from now on. */
rc webhook_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret) MUST_USE;
/* A new secret; the one until now signs as well for 24 hours. */
rc webhook_rotate(struct cx *cx, int64_t id, json_t **ret, str *ret_secret) MUST_USE;
/* With its deliveries. */
rc webhook_erase(struct cx *cx, int64_t id, int64_t version, json_t **ret_before) MUST_USE;

/* Writes a test down; a courier sends it at once. *ret: number of the delivery. */
rc webhook_test(struct cx *cx, int64_t id, int64_t *ret) MUST_USE;
/* {deliveries: [{id, webhook_id, message, event, register, record, personal, state, created_at, attempts, next_at, ended_at, status, took_ms}], next}. state ""|queued|sent|failed. */
rc webhook_deliveries(struct cx *cx, int64_t id, str state, int64_t before, int64_t limit, json_t **ret) MUST_USE;
/* One, with body and tries: [{at, status, took_ms, said, answer}], newest first; hidden: true instead when it holds personal items and whoever asks may not see them. */
rc webhook_delivery(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* RC_CONFLICT: it is under way. */
rc webhook_again(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* Deliveries by day, oldest first: [{day, sent, failed, waiting}]. */
rc webhook_days(struct cx *cx, int64_t id, json_t **ret) MUST_USE;

/* Chore: addresses that were switched off because they failed. told {id, address, why, failures, at, waiting}. */
rc webhook_off_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id) MUST_USE;
rc webhook_off_tell(struct cx *cx, int64_t id, json_t **ret) MUST_USE;
/* Duties that were missed are written down for those who asked; what is older than WEBHOOK_KEPT_DAYS goes. */
rc webhook_sweep(struct cx *cx) MUST_USE;

#endif
