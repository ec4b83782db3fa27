/* courier.c - see courier.h. */
#include "base/house.h"

#include "notify/courier.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "base/seal.h"
#include "base/utf8.h"
#include "db/db.h"
#include "notify/webhook.h"
#include "notify/webhook.sql.h"

#include <poll.h>
#include <stdio.h>

enum { IDLE_MS = 250, TROUBLE_MS = 3000, HEADERS = 4 };

/* The value of webhook-signature for one secret. */
static str signature(struct arena *mem, str secret, str id, int64_t seconds, str body)
{
        str text = str_format(mem, "%.*s.%" PRId64 ".%.*s", STR_ARG(id), seconds, STR_ARG(body));
        uint8_t mac[SHA256_SIZE];

        crypto_hmac(secret, text, mac);
        text = crypto_base64(mem, mac, sizeof(mac));
        return str_format(mem, "v1,%.*s", STR_ARG(text));
}

static rc sign(struct cx *cx, const struct webhook_due *due, str *ret)
{
        const str sealed[] = { due->secret, due->secret_old };
        struct buf out = buf_open(cx->mem, 256);

        for (size_t i = 0; i < COUNT(sealed) && !str_absent(sealed[i]); i++) {
                str secret;
                bool old;

                if (!seal_open(cx->mem, sealed[i], webhook_bound(cx, due->tenant, due->handle), &secret, &old))
                        return fail(cx, RC_UNAVAILABLE, NULL, "the secret of this webhook cannot be opened; make a new one");
                buf_format(&out, "%s", i == 0 ? "webhook-signature: " : " ");
                buf_add(&out, signature(cx->mem, secret, due->message, due->at / CLOCK_SECOND, due->body));
                crypto_wipe((char *)(uintptr_t)secret.p, secret.n);
        }
        *ret = buf_str(&out);
        return RC_OK;
}

/* The beginning of what came back, as text that can be shown: what is no text is told by its length. */
static str answer_text(struct cx *cx, str body)
{
        struct buf out = buf_open(cx->mem, COURIER_KEPT);
        size_t n = body.n < COURIER_KEPT ? body.n : COURIER_KEPT;

        while (n > 0 && n < body.n && ((unsigned char)body.p[n] & 0xc0) == 0x80) /* not within a character */
                n--;
        if (!utf8_valid((str){ body.p, n }))
                return str_format(cx->mem, "(%zu bytes)", body.n);
        for (size_t i = 0; i < n; i++)
                if ((unsigned char)body.p[i] >= 0x20 || body.p[i] == '\n' || body.p[i] == '\t')
                        buf_char(&out, body.p[i]);
        return buf_str(&out);
}

static rc send_one(struct cx *cx, const struct webhook_due *due, struct fetch_answer *ret)
{
        str headers[HEADERS] = { S("Content-Type: application/json"), str_format(cx->mem, "webhook-id: %.*s", STR_ARG(due->message)),
                                 str_format(cx->mem, "webhook-timestamp: %" PRId64, due->at / CLOCK_SECOND) };
        struct fetch_question question = { .url = due->address,
                                           .form = STR_NONE,
                                           .user = STR_NONE,
                                           .bearer = STR_NONE,
                                           .lang = STR_NONE,
                                           .size_max = COURIER_ANSWER_MAX,
                                           .json = due->body,
                                           .border = webhook_border(),
                                           .headers = headers,
                                           .header_count = HEADERS,
                                           .cut = true };

        TRY(sign(cx, due, &headers[HEADERS - 1]));
        return fetch_ask(cx, &question, ret);
}

/* Why there was no answer, in one word; the words are texts of the page (webhooks.said_of). */
static str trouble(const struct cx *cx)
{
        static const struct {
                const char *piece, *word;
        } table[] = { { "not on the Internet", "private" }, { "no address", "unknown" },        { "too long", "slow" },
                      { "certificate", "untrusted" },       { "does not answer", "silent" },    { "secret", "secret" },
                      { "must begin", "private" },          { "must have the port", "private" } };
        str text = cx->failure.count > 0 ? cx->failure.problem[0].text : S("");

        for (size_t i = 0; i < COUNT(table); i++)
                if (memmem(text.p, text.n, table[i].piece, strlen(table[i].piece)) != NULL)
                        return str_of(table[i].word);
        return S("failed");
}

/* False: nothing was due. */
static rc step(struct cx *cx, bool brisk, bool *ret_worked)
{
        struct fetch_answer answer = { .body = S("") };
        struct webhook_due *due;
        str said = STR_NONE, state;
        int64_t status;
        msec begun;
        rc result;

        TRY(db_ensure(cx));
        TRY(sql_webhook_take(cx, brisk, &due));
        *ret_worked = due != NULL;
        if (due == NULL)
                return RC_OK;
        begun = clock_tick();
        result = send_one(cx, due, &answer);
        if (result != RC_OK)
                said = trouble(cx);
        fail_clear(cx);
        status = answer.status;
        TRY(sql_webhook_end(cx, due->id, due->attempt, result == RC_OK ? &status : NULL, clock_tick() - begun, said, answer_text(cx, answer.body),
                            &state));
        if (result != RC_OK || status / 100 != 2)
                (void)fprintf(stderr, "daicho: webhook delivery=%" PRId64 " tenant=%.*s attempt=%" PRId64 " status=%" PRId64 " state=%.*s\n", due->id,
                              STR_ARG(due->tenant), due->attempt, status, STR_ARG(state));
        return RC_OK;
}

void courier_run(struct cx *cx, bool brisk, const volatile bool *stop)
{
        while (!*stop) {
                bool worked = false;

                arena_reset(cx->mem);
                fail_clear(cx);
                cx->lang = LANG_EN;
                if (step(cx, brisk, &worked) != RC_OK) {
                        (void)fprintf(stderr, "daicho: deliveries cannot be read: %s\n", db_refusal(cx));
                        (void)poll(NULL, 0, TROUBLE_MS);
                } else if (!worked) {
                        (void)db_wait(cx, IDLE_MS);
                }
        }
}
