/* kind.c - see kind.h. The one file that knows libmagic. Nothing is unpacked and no other program asked: what is looked at are the bytes given. */
#include "base/house.h"

#include "base/kind.h"

#include "base/fail.h"

#include <magic.h>

static magic_t cookie;

rc kind_start(struct cx *cx)
{
        magic_t made = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_TOKENS);

        if (made == NULL || magic_load(made, NULL) != 0) {
                if (made != NULL)
                        magic_close(made);
                return fail(cx, RC_UNAVAILABLE, NULL, "the signatures of file types (libmagic) cannot be read");
        }
        cookie = made;
        return RC_OK;
}

str kind_of(struct arena *mem, str head)
{
        const char *said = cookie != NULL && head.n > 0 ? magic_buffer(cookie, head.p, head.n) : NULL;
        str s = said != NULL ? str_of(said) : S("application/octet-stream");
        bool slash = false;

        for (size_t i = 0; i < s.n; i++) {
                bool plain = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
                             s.p[i] == '.' || s.p[i] == '+' || s.p[i] == '-' || s.p[i] == '_';

                if (!plain && (s.p[i] != '/' || slash))
                        return S("application/octet-stream");
                slash = slash || s.p[i] == '/';
        }
        return slash && s.n <= 100 ? str_copy(mem, s) : S("application/octet-stream");
}
