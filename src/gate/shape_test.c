/* shape_test.c - bodies and forms are read by their shape, or everything wrong with them is told at once. */
#include "base/house.h"

#include "gate/shape.h"

#include "base/fail.h"

#include <setjmp.h>
#include <cmocka.h>

static const char *const colours[] = { "red", "blue", NULL };
static const struct field part_fields[] = { { "name", SHAPE_TEXT, true, .max = 5 }, { .name = NULL } };
static const struct shape part = { "Part", part_fields };
static const struct field fields[] = {
        { "name", SHAPE_TEXT, true, 2, 10 },
        { "note", SHAPE_TEXT, .max = 20, .lines = true },
        { "colour", SHAPE_TEXT, .choices = colours },
        { "count", SHAPE_INT, .min = -1, .max = 5 },
        { "any", SHAPE_INT },
        { "on", SHAPE_BOOL },
        { "at", SHAPE_DATETIME },
        { "words", SHAPE_LIST, .max = 3 },
        { "parts", SHAPE_LIST, .of = &part },
        { "part", SHAPE_OBJECT, .of = &part },
        { "free", SHAPE_JSON },
        { .name = NULL },
};
static const struct shape shape = { "Thing", fields };

static struct cx cx;

static int open_cx(void **state)
{
        json_start();
        cx = (struct cx){ .mem = arena_open(MB(16)), .lang = LANG_EN };
        arena_current = cx.mem;
        return 0;
}

static int close_cx(void **state)
{
        arena_close(cx.mem);
        return 0;
}

static rc read_json(const char *body, json_t **ret)
{
        struct http_req req = { .method = HTTP_POST, .type = S("application/json"), .body = str_of(body) };

        fail_clear(&cx);
        return shape_read(&cx, &shape, &req, ret);
}

static void good_bodies_come_out_as_given(void **state)
{
        static const struct {
                const char *body, *read;
        } cases[] = {
                { "{\"name\":\"ab\"}", "{\"name\":\"ab\"}" },
                { "{\"name\":\"東京\",\"note\":\"a\\nb\",\"colour\":\"red\",\"count\":-1,\"on\":false,\"free\":[1,{\"x\":null}]}",
                  "{\"name\":\"東京\",\"note\":\"a\\nb\",\"colour\":\"red\",\"count\":-1,\"on\":false,\"free\":[1,{\"x\":null}]}" },
                { "{\"name\":\"ab\",\"note\":null,\"any\":9007199254740993}", "{\"name\":\"ab\",\"note\":null,\"any\":9007199254740993}" },
                { "{\"name\":\"ab\",\"at\":\"2026-11-22T14:05:00+09:00\"}", "{\"name\":\"ab\",\"at\":1795323900000}" },
                { "{\"name\":\"ab\",\"at\":\"2026-11-22\"}", "{\"name\":\"ab\",\"at\":1795273200000}" },
                { "{\"name\":\"ab\",\"words\":[\"x\",7]}", "{\"name\":\"ab\",\"words\":[\"x\",\"7\"]}" },
                { "{\"name\":\"ab\",\"parts\":[{\"name\":\"p\"}],\"part\":{\"name\":\"q\"}}",
                  "{\"name\":\"ab\",\"parts\":[{\"name\":\"p\"}],\"part\":{\"name\":\"q\"}}" },
        };

        for (size_t i = 0; i < COUNT(cases); i++) {
                json_t *v;

                if (read_json(cases[i].body, &v) != RC_OK)
                        fail_msg("refused: %s: %s %s", cases[i].body, cx.failure.problem[0].item, cx.failure.problem[0].text.p);
                assert_string_equal(json_write(cx.mem, v).p, cases[i].read);
        }
}

static void each_fault_names_its_item(void **state)
{
        static const struct {
                const char *body, *item;
        } cases[] = {
                { "{}", "name" },
                { "{\"name\":\"\"}", "name" },
                { "{\"name\":null}", "name" },
                { "{\"name\":7}", "name" },
                { "{\"name\":\"a\"}", "name" },
                { "{\"name\":\"12345678901\"}", "name" },
                { "{\"name\":\"a\\nb\"}", "name" },
                { "{\"name\":\"ab\",\"x\":1}", "x" },
                { "{\"name\":\"ab\",\"colour\":\"green\"}", "colour" },
                { "{\"name\":\"ab\",\"count\":6}", "count" },
                { "{\"name\":\"ab\",\"count\":\"1\"}", "count" },
                { "{\"name\":\"ab\",\"count\":1.5}", "count" },
                { "{\"name\":\"ab\",\"on\":1}", "on" },
                { "{\"name\":\"ab\",\"at\":\"2026-02-30\"}", "at" },
                { "{\"name\":\"ab\",\"at\":5}", "at" },
                { "{\"name\":\"ab\",\"words\":[1,2,3,4]}", "words" },
                { "{\"name\":\"ab\",\"words\":[[]]}", "words" },
                { "{\"name\":\"ab\",\"words\":\"x\"}", "words" },
                { "{\"name\":\"ab\",\"parts\":[{\"name\":\"123456\"}]}", "name" },
                { "{\"name\":\"ab\",\"note\":\"\\u0007\"}", "note" },
        };

        for (size_t i = 0; i < COUNT(cases); i++) {
                json_t *v = NULL;

                if (read_json(cases[i].body, &v) != RC_INVALID || v != NULL || cx.failure.count != 1 ||
                    strcmp(cx.failure.problem[0].item, cases[i].item) != 0)
                        fail_msg("%s", cases[i].body);
        }
}

static void all_faults_are_told_at_once(void **state)
{
        json_t *v;

        assert_int_equal(read_json("{\"x\":1,\"count\":99,\"on\":\"perhaps\"}", &v), RC_INVALID);
        assert_int_equal(cx.failure.count, 4);
}

static void broken_json_and_other_types_are_refused(void **state)
{
        struct http_req req = { .method = HTTP_POST, .type = S("text/plain"), .body = S("x") };
        json_t *v;

        assert_int_equal(read_json("{", &v), RC_MALFORMED);
        assert_int_equal(read_json("{\"name\":\"ab\",\"name\":\"cd\"}", &v), RC_MALFORMED);
        assert_int_equal(read_json("[]", &v), RC_INVALID);
        fail_clear(&cx);
        assert_int_equal(shape_read(&cx, &shape, &req, &v), RC_MEDIA_TYPE);
}

static void forms_mean_what_a_program_would_have_sent(void **state)
{
        struct http_pair pairs[] = {
                { S("name"), S("ab") }, { S("note"), S("x\r\ny\rz") }, { S("count"), S("3") },        { S("any"), S("") },
                { S("on"), S("on") },   { S("words"), S("") },         { S("words"), S("p") },        { S("words"), S("q") },
                { S("_csrf"), S("t") }, { S("_method"), S("PATCH") },  { S("free"), S("{\"a\":1}") },
        };
        struct http_req req = { .method = HTTP_POST, .type = S("application/x-www-form-urlencoded"), .fields = pairs, .field_count = COUNT(pairs) };
        json_t *v;

        assert_int_equal(shape_read(&cx, &shape, &req, &v), RC_OK);
        assert_string_equal(json_write(cx.mem, v).p,
                            "{\"name\":\"ab\",\"note\":\"x\\ny\\nz\",\"count\":3,\"on\":true,\"words\":[\"p\",\"q\"],\"free\":{\"a\":1}}");
        req.field_count = 6; /* words: only the empty one */
        assert_int_equal(shape_read(&cx, &shape, &req, &v), RC_OK);
        assert_int_equal(json_array_size(json_object_get(v, "words")), 0);
        pairs[1].name = S("name");
        assert_int_equal(shape_read(&cx, &shape, &req, &v), RC_INVALID);
}

static void versions_come_from_header_member_or_field(void **state)
{
        struct http_pair field = { S("version"), S("12") };
        struct http_req req = { .method = HTTP_PATCH, .fields = &field, .field_count = 1 };
        json_t *body = json_object();
        int64_t version = 0;

        assert_int_equal(shape_version(&cx, &req, NULL, &version), RC_OK);
        assert_int_equal(version, 12);
        json_set(body, "version", json_integer(7));
        assert_int_equal(shape_version(&cx, &req, body, &version), RC_OK);
        assert_int_equal(version, 7);
        req.field_count = 0;
        assert_int_equal(shape_version(&cx, &req, NULL, &version), RC_PRECONDITION);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_cx, close_cx)
        const struct CMUnitTest tests[] = {
                CASE(good_bodies_come_out_as_given),
                CASE(each_fault_names_its_item),
                CASE(all_faults_are_told_at_once),
                CASE(broken_json_and_other_types_are_refused),
                CASE(forms_mean_what_a_program_would_have_sent),
                CASE(versions_come_from_header_member_or_field),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
