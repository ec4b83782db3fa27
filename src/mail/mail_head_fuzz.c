/* mail_head_fuzz.c - any bytes as subject and sender's name: refused with a sentence, or a message whose head has the lines it always has, and no other. */
#include "base/house.h"

#include "mail/mail_head.h"

#include "base/utf8.h"
#include "post/message.h"

enum { LENGTH = 60 };

static const char *const lines[] = {
        "From:", "To:", "Subject:", "Date:", "Message-Id:", "Auto-Submitted:", "MIME-Version:", "Content-Type:", "Content-Transfer-Encoding:"
};

static void head_look(str message)
{
        int seen[COUNT(lines)] = { 0 };

        for (;;) {
                const char *end = memmem(message.p, message.n, "\r\n", 2);
                str line = { message.p, end ? (size_t)(end - message.p) : 0 };
                size_t i = 0;

                must(end != NULL);
                message = (str){ end + 2, message.n - line.n - 2 };
                if (line.n == 0)
                        break;
                must(memchr(line.p, '\r', line.n) == NULL && memchr(line.p, '\n', line.n) == NULL);
                if (line.p[0] == ' ' || line.p[0] == '\t')
                        continue;
                while (i < COUNT(lines) &&
                       !str_equal_nocase((str){ line.p, strlen(lines[i]) < line.n ? strlen(lines[i]) : line.n }, str_of(lines[i])))
                        i++;
                must(i < COUNT(lines) && ++seen[i] == 1);
        }
        must(seen[0] == 1 && seen[2] == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(4)), .lang = LANG_EN };
        str line = mail_head_trim((str){ (const char *)data, size }), message;

        if (mail_head_check(&cx, line, "subject", LENGTH) != RC_OK) {
                must(cx.failure.count > 0);
        } else {
                must(utf8_valid(line) && mail_head_odd(line) == line.n);
        }
        if (line.n > 0 && utf8_valid(line) && text_control(line, false) == line.n) { /* the house's own mails take more */
                struct message m = { .from = S("a@example.jp"),
                                     .from_name = line,
                                     .to = S("b@example.jp"),
                                     .subject = line,
                                     .body = S("x"),
                                     .id = S("1"),
                                     .host = S("example.jp") };

                if (message_write(&cx, &m, &message) == RC_OK)
                        head_look(message);
        }
        arena_close(cx.mem);
        return 0;
}
