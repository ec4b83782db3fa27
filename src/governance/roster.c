/* roster.c - see roster.h. */
#include "base/house.h"

#include "governance/roster.h"

#include "base/fail.h"

enum { PASSWD_FIELDS = 7 };

bool roster_name_valid(str name)
{
        if (str_absent(name) || name.n < 1 || name.n > ROSTER_NAME_MAX)
                return false;
        for (size_t i = 0; i < name.n; i++) {
                char c = name.p[i];

                if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && (c == '\0' || strchr("._@\\-", c) == NULL))
                        return false;
        }
        return true;
}

/* The name of a line; absent: an account nobody logs in with. */
static rc line_read(struct cx *cx, int64_t number, str line, str *ret)
{
        str rest, name = str_cut(line, ':', &rest), shell = STR_NONE;
        int fields = 1;

        for (; !str_absent(rest); fields++)
                shell = str_cut(rest, ':', &rest);
        if ((fields != 1 && fields != PASSWD_FIELDS) || !roster_name_valid(name))
                return fail_line(cx, RC_INVALID, number, NULL, "must be the name of an account, or a line as in /etc/passwd");
        *ret =
            !str_absent(shell) && (str_ends(shell, S("/nologin")) || str_ends(shell, S("/false")) || str_ends(shell, S("/sync"))) ? STR_NONE : name;
        return RC_OK;
}

static bool there(const str *names, size_t count, str name)
{
        for (size_t i = 0; i < count; i++)
                if (str_equal_nocase(names[i], name))
                        return true;
        return false;
}

rc roster_read(struct cx *cx, str text, str **ret, size_t *ret_count)
{
        str *names = NEW_ARRAY(cx->mem, str, ROSTER_NAMES_MAX), rest = text;
        size_t count = 0;
        int64_t number = 0;

        if (text.n > ROSTER_SIZE_MAX)
                return fail(cx, RC_TOO_LARGE, NULL, "the file is larger than %d KB", ROSTER_SIZE_MAX >> 10);
        while (!str_absent(rest)) {
                str line = str_trim(str_cut(rest, '\n', &rest)), name = STR_NONE;

                number++;
                if (line.n == 0 || line.p[0] == '#')
                        continue;
                if (line_read(cx, number, line, &name) != RC_OK || str_absent(name) || there(names, count, name))
                        continue;
                if (count == ROSTER_NAMES_MAX)
                        return fail_line(cx, RC_TOO_LARGE, number, NULL, "more than %d accounts", ROSTER_NAMES_MAX);
                names[count++] = str_copy(cx->mem, name);
        }
        if (cx->failure.code != RC_OK)
                return cx->failure.code;
        if (count == 0)
                return fail(cx, RC_INVALID, NULL, "there is no account in this file");
        *ret = names;
        *ret_count = count;
        return RC_OK;
}
