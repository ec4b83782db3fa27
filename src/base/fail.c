/* fail.c - see fail.h. */
#include "base/house.h"

#include "base/fail.h"

#include <stdlib.h>

static const struct {
        const char *name;
        int http;
        int exit;
        const char *text;
} table[] = {
#define RC(name, http, exit, text) { #name, http, exit, text },
#include "base/rc.tbl"
#undef RC
};

int rc_http(rc code)
{
        return table[code].http;
}

int rc_exit(rc code)
{
        return table[code].exit;
}

const char *rc_name(rc code)
{
        return table[code].name;
}

const char *rc_text(rc code)
{
        return table[code].text;
}

/* Translations: filled once at start, then only read; sorted at the first look-up. */
struct translation {
        const char *english;
        const char *text;
};

static struct {
        struct translation *list;
        size_t count;
        size_t room;
        bool sorted;
} catalogue[LANG_END];

static int by_english(const void *a, const void *b)
{
        return strcmp(((const struct translation *)a)->english, ((const struct translation *)b)->english);
}

void fail_translation_add(enum lang lang, const char *english, const char *text)
{
        if (catalogue[lang].count == catalogue[lang].room) {
                catalogue[lang].room = catalogue[lang].room ? catalogue[lang].room * 2 : 256;
                catalogue[lang].list = reallocarray(catalogue[lang].list, catalogue[lang].room, sizeof(struct translation));
                must(catalogue[lang].list != NULL);
        }
        catalogue[lang].list[catalogue[lang].count++] = (struct translation){ english, text };
        catalogue[lang].sorted = false;
}

const char *fail_translate(enum lang lang, const char *english)
{
        struct translation key = { english, NULL };
        const struct translation *found;

        if (catalogue[lang].count == 0)
                return english;
        if (!catalogue[lang].sorted) {
                qsort(catalogue[lang].list, catalogue[lang].count, sizeof(key), by_english);
                catalogue[lang].sorted = true;
        }
        found = bsearch(&key, catalogue[lang].list, catalogue[lang].count, sizeof(key), by_english);
        return found ? found->text : english;
}

static rc fail_add(struct cx *cx, rc code, int64_t line, const char *item, const char *format, va_list args)
{
        struct failure *f = &cx->failure;

        must(code != RC_OK);
        if (f->code == RC_OK)
                f->code = code;
        if (f->count < COUNT(f->problem)) {
                f->problem[f->count++] = (struct problem){
                        .item = item,
                        .line = line,
                        .text = str_vformat(cx->mem, fail_translate(cx->lang, format), args),
                };
        }
        return f->code;
}

rc(fail)(struct cx *cx, rc code, const char *item, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        code = fail_add(cx, code, 0, item, format, args);
        va_end(args);
        return code;
}

rc(fail_line)(struct cx *cx, rc code, int64_t line, const char *item, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        code = fail_add(cx, code, line, item, format, args);
        va_end(args);
        return code;
}

void fail_clear(struct cx *cx)
{
        cx->failure.code = RC_OK;
        cx->failure.count = 0;
}
