/* courier.h - the loop of a courier process: take a delivery that is due, sign it, send it to the contract's address, note what came of it. Signed as Standard
 * Webhooks says (https://www.standardwebhooks.com): headers webhook-id, webhook-timestamp and webhook-signature, "v1,"
 * and the base64 of HMAC-SHA256 over "id.timestamp.body"; two of them while the secret before the last still counts. */
#ifndef DAICHO_NOTIFY_COURIER_H
#define DAICHO_NOTIFY_COURIER_H

#include "base/cx.h"

enum { COURIER_ANSWER_MAX = 64 << 10, COURIER_KEPT = 4096 };

/* Until *stop. cx->db is the courier's connection. brisk: only to addresses that answered well the last time; so slow ones never hold up all couriers. */
void courier_run(struct cx *cx, bool brisk, const volatile bool *stop);

#endif
