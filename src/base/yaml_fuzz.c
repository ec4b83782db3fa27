/* yaml_fuzz.c - any bytes are read or refused. */
#include "base/house.h"

#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(64)), .lang = LANG_EN };
        struct yaml_lines *lines;
        json_t *v;

        json_start();
        arena_current = cx.mem;
        if (yaml_read_lines(&cx, (str){ (const char *)data, size }, &v, &lines) == RC_OK)
                must(json_write(cx.mem, v).n > 0);
        else
                must(cx.failure.count > 0);
        arena_close(cx.mem);
        return 0;
}
