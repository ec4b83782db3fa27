/* args.h - the words behind a command's name. A command takes what it knows (options first, then words) and ends with args_end(),
 * which refuses what is left over. All refusals are RC_USAGE. */
#ifndef DAICHO_CLI_ARGS_H
#define DAICHO_CLI_ARGS_H

#include "base/cx.h"

struct args {
        const char **word;
        size_t count;
};

struct args args_of(struct arena *mem, int argc, char **argv);
/* `--name`: was it given? */
bool args_flag(struct args *args, const char *name);
/* `--name VALUE` or `--name=VALUE`; *ret is left as it was when not given. */
rc args_text(struct cx *cx, struct args *args, const char *name, str *ret) MUST_USE;
rc args_int(struct cx *cx, struct args *args, const char *name, int64_t min, int64_t max, int64_t *ret) MUST_USE;
/* The next word that is no option; refuses when there is none. */
rc args_word(struct cx *cx, struct args *args, const char *what, str *ret) MUST_USE;
/* The next word as the number of a row, 1 or more; `what` names it in the refusal. */
rc args_id(struct cx *cx, struct args *args, const char *what, int64_t *ret) MUST_USE;
rc args_end(struct cx *cx, const struct args *args) MUST_USE;

#endif
