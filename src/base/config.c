/* config.c - see config.h. */
#include "base/house.h"

#include "base/config.h"
#include "base/fail.h"

enum { VALUE_MAX = 4096 };

static const struct key {
        const char *name;
        bool is_text;
        size_t offset;
        int64_t value, min, max;
        const char *text;
        const char *explanation;
} keys[] = {
#define INT(key_, value_, min_, max_, text_)                                                                                                         \
        { .name = #key_, .offset = offsetof(struct config, key_), .value = (value_), .min = (min_), .max = (max_), .explanation = (text_) },
#define TEXT(key_, value_, text_)                                                                                                                    \
        { .name = #key_, .is_text = true, .offset = offsetof(struct config, key_), .text = (value_), .explanation = (text_) },
#include "base/config.tbl"
#undef INT
#undef TEXT
};

static int64_t *as_int(const struct config *config, const struct key *key)
{
        return (int64_t *)((uintptr_t)config + key->offset);
}

static str *as_text(const struct config *config, const struct key *key)
{
        return (str *)((uintptr_t)config + key->offset);
}

struct config config_default(void)
{
        struct config config = { 0 };

        for (size_t i = 0; i < COUNT(keys); i++) {
                if (keys[i].is_text)
                        *as_text(&config, &keys[i]) = str_of(keys[i].text);
                else
                        *as_int(&config, &keys[i]) = keys[i].value;
        }
        return config;
}

static const struct key *key_find(str name)
{
        for (size_t i = 0; i < COUNT(keys); i++)
                if (str_is(name, keys[i].name))
                        return &keys[i];
        return NULL;
}

static bool printable(str s)
{
        for (size_t i = 0; i < s.n; i++)
                if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
                        return false;
        return true;
}

static rc set(struct cx *cx, int64_t line, str name, str value, struct config *config)
{
        const struct key *key = key_find(name);
        const char *item = str_z(cx->mem, name);
        int64_t number;

        if (key == NULL)
                return fail_line(cx, RC_INVALID, line, item, "there is no key of this name; `daicho config --explain` lists them");
        if (value.n > VALUE_MAX || !printable(value))
                return fail_line(cx, RC_INVALID, line, item, "must be printable text of at most %d bytes", VALUE_MAX);
        if (key->is_text) {
                *as_text(config, key) = str_copy(cx->mem, value);
                return RC_OK;
        }
        if (!str_int(value, &number) || number < key->min || number > key->max)
                return fail_line(cx, RC_INVALID, line, item, "must be a whole number from %lld to %lld, not \"%.*s\"", (long long)key->min,
                                 (long long)key->max, STR_ARG(value));
        *as_int(config, key) = number;
        return RC_OK;
}

rc config_read(struct cx *cx, str text, struct config *ret)
{
        struct config config = config_default();
        bool given[COUNT(keys)] = { false };
        rc result = RC_OK;

        for (int64_t line = 1; text.p != NULL; line++) {
                str value, row = str_trim(str_cut(text, '\n', &text));
                str name = str_trim(str_cut(row, '=', &value));
                const struct key *key = key_find(name);
                rc r;

                if (str_empty(row) || row.p[0] == '#')
                        continue;
                if (str_absent(value))
                        r = fail_line(cx, RC_INVALID, line, str_z(cx->mem, name), "must be written `key = value`");
                else if (key != NULL && given[key - keys])
                        r = fail_line(cx, RC_INVALID, line, key->name, "stands here a second time");
                else
                        r = set(cx, line, name, str_trim(value), &config);
                if (key != NULL)
                        given[key - keys] = true;
                if (result == RC_OK)
                        result = r;
        }
        if (result == RC_OK)
                *ret = config;
        return result;
}

void config_write(const struct config *config, struct buf *out)
{
        buf_text(out, "# daicho.conf - one `key = value` a line. A line behind # is the default; take the # away to change it.\n");
        for (size_t i = 0; i < COUNT(keys); i++) {
                const struct key *key = &keys[i];

                buf_format(out, "\n# %s", key->explanation);
                if (key->is_text) {
                        str value = *as_text(config, key);

                        buf_format(out, "\n%s%s = %.*s\n", str_is(value, key->text) ? "#" : "", key->name, STR_ARG(value));
                } else {
                        int64_t value = *as_int(config, key);

                        buf_format(out, " (%lld to %lld)\n%s%s = %lld\n", (long long)key->min, (long long)key->max, value == key->value ? "#" : "",
                                   key->name, (long long)value);
                }
        }
}
