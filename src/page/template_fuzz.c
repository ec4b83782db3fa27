/* template_fuzz.c - any text is a template or is refused with a line; rendering one ends, within its limits. */
#include "base/house.h"

#include "page/render.h"

#include "base/json.h"

static const struct template *self(str name, void *arg)
{
        return name.n % 2 ? arg : NULL; /* partials that name themselves */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(512)), .lang = LANG_EN };
        struct buf out = buf_open(cx.mem, KB(256));
        struct template *t;
        json_t *model;

        json_start();
        arena_current = cx.mem;
        must(json_read(&cx, S("{\"a\":\"<x>\",\"b\":[1,{\"a\":2}],\"c\":{\"d\":true},\"e\":\"\",\"t\":{\"x\":\"y\"}}"), &model) == RC_OK);
        if (size < KB(4) && template_compile(&cx, cx.mem, "fuzz", (str){ (const char *)data, size }, &t) == RC_OK) {
                if (render_template(&cx, t, model, self, t, &out) != RC_OK)
                        must(cx.failure.count > 0);
        } else if (size < KB(4)) {
                must(cx.failure.count > 0);
        }
        arena_close(cx.mem);
        return 0;
}
