/* shape_fuzz.c - any bytes as a JSON body, a form or an Accept-Language header. */
#include "base/house.h"

#include "gate/shape.h"

#include "gate/face.h"
#include "http/urlencoded.h"

static const struct field part_fields[] = { { "n", SHAPE_TEXT, true, .max = 5 }, { .name = NULL } };
static const struct shape part = { "Part", part_fields };
static const struct field fields[] = {
        { "a", SHAPE_TEXT, true, 2, 10 }, { "i", SHAPE_INT, .min = 1, .max = 5 }, { "b", SHAPE_BOOL }, { "d", SHAPE_DATETIME }, { "l", SHAPE_LIST },
        { "p", SHAPE_LIST, .of = &part }, { "o", SHAPE_OBJECT, .of = &part },     { "j", SHAPE_JSON }, { .name = NULL },
};
static const struct shape shape = { "Thing", fields };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(256)), .lang = LANG_EN };
        struct http_req req = { .method = HTTP_POST, .type = S("application/json"), .body = { (const char *)data, size } };
        json_t *v;

        json_start();
        arena_current = cx.mem;
        if (shape_read(&cx, &shape, &req, &v) != RC_OK)
                must(cx.failure.count > 0);
        cx.failure.count = 0;
        cx.failure.code = RC_OK;
        req.type = S("application/x-www-form-urlencoded");
        if (urlencoded_read(&cx, req.body, true, &req.fields, &req.field_count) == RC_OK)
                if (shape_read(&cx, &shape, &req, &v) != RC_OK)
                        must(cx.failure.count > 0);
        must(face_lang(req.body) < LANG_END);
        arena_close(cx.mem);
        return 0;
}
