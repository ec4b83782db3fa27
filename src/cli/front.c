/* front.c - see front.h. */
#include "base/house.h"

#include "cli/front.h"

#include "base/fail.h"
#include "base/file.h"
#include "cli/command.h"
#include "http/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FILE_MAX = 1024, AUTHORITIES_MAX = 4 << 20, ANSWER_MAX = 16 << 20 };

rc front_key(struct cx *cx, struct args *args, str *ret)
{
        str path = STR_NONE, text;
        struct stat st;

        TRY(args_text(cx, args, "--key-file", &path));
        if (str_absent(path)) {
                *ret = str_of(getenv("DAICHO_KEY"));
                return RC_OK;
        }
        if (stat(str_z(cx->mem, path), &st) != 0)
                return file_failed(cx, str_z(cx->mem, path), errno);
        if ((st.st_mode & 077) != 0)
                return fail(cx, RC_INVALID, NULL, "%.*s can be read by others; let only its owner read it (chmod 600)", STR_ARG(path));
        TRY(file_read(cx, str_z(cx->mem, path), KEY_FILE_MAX, &text));
        *ret = str_trim(text);
        return RC_OK;
}

/* Whom to trust: the system's authorities, those of --ca, and the one of a house on this machine. */
static rc trust_add(struct cx *cx, str *all, const char *path, bool needed)
{
        str text;

        if (!needed && access(path, R_OK) != 0)
                return RC_OK;
        TRY(file_read(cx, path, AUTHORITIES_MAX, &text));
        *all = str_format(cx->mem, "%.*s\n%.*s", STR_ARG(*all), STR_ARG(text));
        return RC_OK;
}

static rc trust_start(struct cx *cx, str ca, const struct place *place)
{
        str all = S("");

        TRY(trust_add(cx, &all, "/etc/ssl/certs/ca-certificates.crt", false));
        if (!str_absent(ca))
                TRY(trust_add(cx, &all, str_z(cx->mem, ca), true));
        if (place != NULL)
                TRY(trust_add(cx, &all, place_path(cx, place->dir, "tls/ca.crt"), false));
        fetch_start(all, true);
        return RC_OK;
}

rc front_here(struct cx *cx, const struct place *place, str key, struct front *ret)
{
        TRY(trust_start(cx, STR_NONE, place));
        *ret = (struct front){ .url = place_url(cx, place, place_port(cx, place)), .key = key };
        return RC_OK;
}

rc front_args(struct cx *cx, struct args *args, struct front *ret)
{
        struct front front = { .url = str_of(getenv("DAICHO_URL")), .ca = STR_NONE };

        TRY(args_text(cx, args, "--url", &front.url));
        TRY(args_text(cx, args, "--ca", &front.ca));
        TRY(front_key(cx, args, &front.key));
        *ret = front;
        return RC_OK;
}

rc front_open(struct cx *cx, struct front *front)
{
        const struct place *place = NULL;
        bool named = !str_absent(front->url) && !str_empty(front->url);

        if (str_absent(front->key) || str_empty(front->key))
                return fail(
                    cx, RC_UNAUTHORIZED, NULL,
                    "records belong to their contract: give an API key of it with --key-file FILE or in DAICHO_KEY; it is made on the page /keys");
        if (named && !str_starts(front->url, S("https://")))
                return fail(cx, RC_INVALID, "--url", "must begin with https://");
        while (named && front->url.p[front->url.n - 1] == '/')
                front->url.n--;
        if (!named)
                TRY(command_place(cx, &place));
        TRY(trust_start(cx, front->ca, place));
        if (!named)
                front->url = place_url(cx, place, place_port(cx, place));
        return RC_OK;
}

static rc code_of(int status, str name)
{
        for (int code = RC_OK + 1; code < RC_END; code++)
                if (str_is(name, rc_name((rc)code)))
                        return (rc)code;
        return status == 429 ? RC_BUSY : status == 413 ? RC_TOO_LARGE : RC_UNAVAILABLE;
}

/* What a problem document (RFC 9457) says, said here. */
static rc refused(struct cx *cx, const struct front *front, const struct fetch_answer *answer)
{
        json_t *problem, *error;
        size_t i;
        rc code;

        if (json_read(cx, answer->body, &problem) != RC_OK || !json_is_object(problem)) {
                fail_clear(cx);
                return fail(cx, code_of(answer->status, S("")), NULL, "%.*s answered with status %d", STR_ARG(front->url), answer->status);
        }
        code = code_of(answer->status, json_get_text(problem, "code"));
        json_array_foreach(json_object_get(problem, "errors"), i, error) {
                str item = json_get_text(error, "item"), text = json_get_text(error, "detail");

                (void)fail_line(cx, code, json_integer_value(json_object_get(error, "line")),
                                str_absent(item) || str_empty(item) ? NULL : str_z(cx->mem, item), "%.*s", STR_ARG(text));
        }
        if (cx->failure.count == 0)
                (void)fail(cx, code, NULL, "%.*s", STR_ARG(json_get_text(problem, "detail")));
        return code;
}

static rc ask(struct cx *cx, const struct front *front, str path, struct fetch_question *q, json_t **ret)
{
        struct fetch_answer answer;

        q->url = str_format(cx->mem, "%.*s/api/v1%.*s", STR_ARG(front->url), STR_ARG(path));
        q->bearer = front->key;
        q->lang = cx->lang == LANG_JA ? S("ja") : S("en");
        q->size_max = ANSWER_MAX;
        q->patient = true;
        TRY(fetch_ask(cx, q, &answer));
        if (answer.status / 100 != 2)
                return refused(cx, front, &answer);
        if (ret == NULL)
                return RC_OK;
        return json_read(cx, answer.body, ret);
}

rc front_ask(struct cx *cx, const struct front *front, str path, const json_t *in, json_t **ret)
{
        struct fetch_question q = { .json = in ? json_write(cx->mem, in) : STR_NONE };

        return ask(cx, front, path, &q, ret);
}

rc front_upload(struct cx *cx, const struct front *front, str path, const char *file, json_t **ret)
{
        struct fetch_question q = { .upload = file };

        return ask(cx, front, path, &q, ret);
}

/* What stands under that name stays as it is until the whole of the file has come; a pipe or a device is written to as it comes. */
rc front_download(struct cx *cx, const struct front *front, str path, const char *file)
{
        bool standard = strcmp(file, "-") == 0;
        struct stat st;
        bool direct = standard || (stat(file, &st) == 0 && !S_ISREG(st.st_mode));
        const char *made = direct ? file : str_format(cx->mem, "%s.%d.new", file, (int)getpid()).p;
        int fd = standard ? dup(STDOUT_FILENO) : open(made, O_WRONLY | O_CLOEXEC | (direct ? 0 : O_CREAT | O_EXCL), 0600);
        struct fetch_question q = { .save_fd = &fd };
        rc result;

        if (fd < 0)
                return file_failed(cx, file, errno);
        result = ask(cx, front, path, &q, NULL);
        if (result == RC_OK && !direct && fsync(fd) != 0)
                result = file_failed(cx, file, errno);
        if (close(fd) != 0 && result == RC_OK)
                result = file_failed(cx, file, errno);
        if (result == RC_OK && !direct && rename(made, file) != 0)
                result = file_failed(cx, file, errno);
        if (result != RC_OK && !direct)
                (void)unlink(made);
        return result;
}
