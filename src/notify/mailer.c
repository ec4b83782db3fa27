/* mailer.c - see mailer.h. */
#include "base/house.h"

#include "notify/mailer.h"

#include "base/fail.h"
#include "db/db.h"
#include "notify/notice.sql.h"
#include "page/page.h"
#include "post/message.h"

#include <poll.h>
#include <stdio.h>

enum { IDLE_MS = 1000, TROUBLE_MS = 3000 };

static rc send_one(struct cx *cx, const struct mailer *mailer, const struct letter *letter, str *ret_said)
{
        struct message m = { .from = mailer->from,
                             .from_name = S("Daicho"),
                             .to = letter->recipient,
                             .subject = letter->subject,
                             .body = letter->body,
                             .id = str_format(cx->mem, "notice.%" PRId64 ".%" PRId64, letter->id, letter->created_at),
                             .host = mailer->host,
                             .date = letter->created_at };
        str bytes;

        TRY(message_write(cx, &m, &bytes));
        return smtp_send(cx, &mailer->server, mailer->from, letter->recipient, bytes, ret_said);
}

/* False: nothing was due. */
static rc step(struct cx *cx, const struct mailer *mailer, bool *ret_worked)
{
        struct letter *letter;
        str said = S(""), state;
        rc result;

        TRY(db_ensure(cx));
        TRY(sql_notice_take(cx, &letter));
        *ret_worked = letter != NULL;
        if (letter == NULL)
                return RC_OK;
        result = send_one(cx, mailer, letter, &said);
        if (result != RC_OK && said.n == 0 && cx->failure.count > 0)
                said = cx->failure.problem[0].text;
        fail_clear(cx);
        TRY(sql_notice_end(cx, letter->id, letter->attempt,
                           result == RC_OK            ? S("sent")
                           : result == RC_UNAVAILABLE ? S("later")
                                                      : S("failed"),
                           said, &state));
        if (result != RC_OK)
                (void)fprintf(stderr, "daicho: notice %" PRId64 " kind=%.*s attempt=%" PRId64 " state=%.*s\n", letter->id, STR_ARG(letter->kind),
                              letter->attempt, STR_ARG(state));
        return RC_OK;
}

void mailer_run(struct cx *cx, const struct mailer *mailer, const volatile bool *stop)
{
        while (!*stop) {
                bool worked = false;

                arena_reset(cx->mem);
                fail_clear(cx);
                if (step(cx, mailer, &worked) != RC_OK) {
                        (void)fprintf(stderr, "daicho: the messages cannot be read: %s\n", db_refusal(cx));
                        (void)poll(NULL, 0, TROUBLE_MS);
                } else if (!worked) {
                        (void)db_wait(cx, IDLE_MS);
                }
        }
}
