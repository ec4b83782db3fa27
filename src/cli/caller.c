/* caller.c - see caller.h. What is done where the kernel does not say who logged in: doc/decisions.md, 59. */
#include "base/house.h"

#include "cli/caller.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_MAX = 4096, NAME_MAX = 100, ADDRESS_MAX = 45 };

#define UNSET 4294967295 /* (uid_t)-1: nobody logged in; the machine, or a container, started it */

static bool number_read(str text, int64_t *ret)
{
        return !str_absent(text) && str_int(str_trim(text), ret) && *ret >= 0 && *ret < UNSET;
}

static str account_name(struct arena *mem, const struct caller_facts *facts, int64_t uid)
{
        str name = facts->name_of(mem, uid);

        return str_absent(name) || str_empty(name) ? str_format(mem, "uid %" PRId64, uid) : name;
}

/* The address in REMOTE_HOST=…, when it is one. */
static str remote_address(str text)
{
        while (!str_absent(text)) {
                str line = str_cut(text, '\n', &text);

                if (!str_starts(line, S("REMOTE_HOST=")))
                        continue;
                line = (str){ line.p + 12, line.n - 12 };
                for (size_t i = 0; i < line.n; i++)
                        if (line.p[i] == '\0' || strchr("0123456789abcdefABCDEF.:", line.p[i]) == NULL)
                                return STR_NONE;
                return line.n > 0 && line.n <= ADDRESS_MAX ? line : STR_NONE;
        }
        return STR_NONE;
}

struct caller caller_of(struct arena *mem, const struct caller_facts *facts)
{
        str as = account_name(mem, facts, facts->uid), alone = facts->attended ? S("") : S("unattended");
        struct caller c = { .name = as, .groups = alone, .source = S("-") };
        int64_t login, session;

        if (number_read(facts->session, &session)) {
                str from = remote_address(facts->remote);

                c.source = str_absent(from) ? str_format(mem, "session %" PRId64, session)
                                            : str_format(mem, "session %" PRId64 " from %.*s", session, STR_ARG(from));
        }
        if (number_read(facts->loginuid, &login)) {
                c.name = account_name(mem, facts, login);
                if (login != 0)
                        c.groups = login == facts->uid ? S("") : as;
                else
                        c.nameless = facts->attended;
        } else if (!str_absent(facts->sudo_user) && !str_is(facts->sudo_user, "root")) {
                c.name = facts->sudo_user;
                c.groups = str_format(mem, "%.*s (sudo)", STR_ARG(as));
        } else {
                c.nameless = facts->attended && facts->uid == 0;
        }
        return c;
}

static str file_text(struct arena *mem, const char *path)
{
        char bytes[FILE_MAX];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

        if (fd >= 0)
                (void)close(fd);
        return n < 0 ? STR_NONE : str_copy(mem, (str){ bytes, (size_t)n });
}

static str passwd_name(struct arena *mem, int64_t uid)
{
        const struct passwd *p = getpwuid((uid_t)uid);

        return p == NULL ? STR_NONE : str_copy(mem, str_of(p->pw_name));
}

static bool terminal(void)
{
        int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);

        if (fd >= 0)
                (void)close(fd);
        return fd >= 0 || isatty(STDIN_FILENO) || getenv("SSH_CONNECTION") != NULL;
}

struct caller caller_read(struct arena *mem)
{
        const char *sudo = getenv("SUDO_USER");
        struct caller_facts facts = {
                .loginuid = file_text(mem, "/proc/self/loginuid"),
                .session = file_text(mem, "/proc/self/sessionid"),
                .remote = STR_NONE,
                .uid = getuid(),
                .sudo_user = STR_NONE,
                .attended = terminal(),
                .name_of = passwd_name,
        };
        int64_t session;

        if (number_read(facts.session, &session)) /* written by root alone */
                facts.remote = file_text(mem, str_format(mem, "/run/systemd/sessions/%" PRId64, session).p);
        if (sudo != NULL && strlen(sudo) <= NAME_MAX && getpwnam(sudo) != NULL)
                facts.sudo_user = str_copy(mem, str_of(sudo));
        return caller_of(mem, &facts);
}
