/* fail.h - the only maker of refusals.
 *   return fail(cx, RC_INVALID, "name", "must not be empty");
 * Text: short, lower case, no full stop, what was wrong and what would be right. `format` is also the key of its translation
 * (pages/messages.ja.yaml); a translation takes the same arguments, reordered with %2$s where needed. */
#ifndef DAICHO_BASE_FAIL_H
#define DAICHO_BASE_FAIL_H

#include "base/cx.h"

/* Notes one problem and returns `code`. The code of the first failure wins; further problems are added to the list,
 * so that a form can show everything at once. item: static name or arena text that lives as long as cx, or NULL. */
rc fail(struct cx *cx, rc code, const char *item, const char *format, ...) PRINTF(4, 5);
rc fail_line(struct cx *cx, rc code, int64_t line, const char *item, const char *format, ...) PRINTF(5, 6);

#if defined(__clang_analyzer__) || defined(DAICHO_ANALYZER)
/* What an analyzer of single files must know: it gives back the code it was given. */
#define fail(cx, code, ...)            ((void)fail(cx, code, __VA_ARGS__), (code))
#define fail_line(cx, code, line, ...) ((void)fail_line(cx, code, line, __VA_ARGS__), (code))
#endif

/* Forget the failure (a caller that handles it). */
void fail_clear(struct cx *cx);

int rc_http(rc code);
int rc_exit(rc code);
const char *rc_name(rc code); /* "INVALID" */
const char *rc_text(rc code); /* default text, English */

/* The message `english` in the reader's language; itself when there is no translation. Filled once at start. */
const char *fail_translate(enum lang lang, const char *english);
void fail_translation_add(enum lang lang, const char *english, const char *text);

#endif
