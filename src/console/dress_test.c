/* dress_test.c - what people read of a model: numbers, sizes, times, words of the engine; addresses that keep the
 * query. */
#include "base/house.h"

#include "console/dress.h"

#include "base/fail.h"
#include "page/page.h"

#include <setjmp.h>
#include <cmocka.h>

static struct cx cx;

static int open_cx(void **state)
{
        json_start();
        cx = (struct cx){ .mem = arena_open(MB(64)), .lang = LANG_JA };
        arena_current = cx.mem;
        return page_start(&cx, S("pages")) == RC_OK ? 0 : -1;
}

static int close_cx(void **state)
{
        arena_close(cx.mem);
        return 0;
}

#define assert_str(got, wanted) assert_string_equal(str_z(cx.mem, (got)), (wanted))

static void numbers_have_separators(void **state)
{
        static const struct {
                int64_t n;
                const char *text;
        } cases[] = {
                { 0, "0" },
                { 999, "999" },
                { 1000, "1,000" },
                { 10000, "10,000" },
                { 1234567, "1,234,567" },
                { -1, "-1" },
                { -1234, "-1,234" },
                { INT64_MAX, "9,223,372,036,854,775,807" },
                { INT64_MIN, "-9,223,372,036,854,775,808" },
        };

        for (size_t i = 0; i < COUNT(cases); i++)
                assert_str(dress_number(cx.mem, cases[i].n), cases[i].text);
}

static void sizes_are_told_in_the_unit_people_use(void **state)
{
        static const struct {
                int64_t bytes;
                const char *text;
        } cases[] = {
                { 0, "0 KB" },          { 1, "0 KB" },         { 200, "1 KB" },       { 1024, "1 KB" },          { 65196, "64 KB" },
                { 1048575, "1024 KB" }, { 1048576, "1.0 MB" }, { 6500000, "6.1 MB" }, { 162801274, "155.2 MB" },
        };

        for (size_t i = 0; i < COUNT(cases); i++)
                assert_str(dress_size(cx.mem, cases[i].bytes), cases[i].text);
}

static void durations_are_sentences_of_the_catalogue(void **state)
{
        cx.lang = LANG_JA;
        assert_str(dress_duration(&cx, 9), "9秒");
        assert_str(dress_duration(&cx, 200), "3分20秒");
        assert_str(dress_duration(&cx, 3660), "1時間1分");
        cx.lang = LANG_EN;
        assert_str(dress_duration(&cx, 200), "3 min 20 s");
        cx.lang = LANG_JA;
}

static void a_query_keeps_what_it_is_not_told_to_leave_out(void **state)
{
        static const char *const without[] = { "after", NULL };
        struct http_pair pairs[] = { { S("q"), S("東 京&=") }, { S("after"), S("x") }, { S("done"), S("saved") }, { S("empty"), S("") } };
        struct http_req req = { .path = S("/x"), .query = pairs, .query_count = COUNT(pairs) };

        assert_str(dress_query(&cx, &req, without, NULL, S("")), "q=%E6%9D%B1%20%E4%BA%AC%26%3D");
        assert_str(dress_query(&cx, &req, without, "count", S("exact")), "q=%E6%9D%B1%20%E4%BA%AC%26%3D&count=exact");
}

static json_t *dressed(const char *text)
{
        struct http_req req = { .path = S("/jobs") };
        json_t *context;

        assert_int_equal(json_read(&cx, str_of(text), &context), RC_OK);
        assert_int_equal(dress_model(&cx, &req, context), RC_OK);
        return context;
}

static const char *at(const json_t *object, const char *name)
{
        return json_string_value(json_object_get(object, name));
}

static void a_job_is_told_in_words(void **state)
{
        json_t *context = dressed("{\"job\":{\"id\":7,\"kind\":\"import\",\"state\":\"running\",\"step\":\"job.step.read\",\"done\":3145728,"
                                  "\"total\":6291456,\"rate\":1048576,\"seconds_left\":65,\"created_at\":\"2026-11-22T14:05:00+09:00\"}}");
        json_t *job = json_object_get(context, "job");

        assert_string_equal(at(job, "kind_text"), "取り込み");
        assert_string_equal(at(job, "state_text"), "実行中");
        assert_true(json_is_true(json_object_get(job, "is_running")));
        assert_string_equal(at(job, "step_text"), "ファイルを読んでいます");
        assert_string_equal(at(job, "done_text"), "3.0 MB");
        assert_string_equal(at(job, "left_text"), "1分5秒");
        assert_string_equal(at(job, "created_at_text"), "2026年11月22日(日) 14:05");
        assert_string_equal(at(job, "created_at_short"), "2026/11/22 14:05");
}

static void numbers_of_a_result_come_in_their_order_and_nothings_are_left_out(void **state)
{
        json_t *context = dressed("{\"job\":{\"id\":7,\"kind\":\"import\",\"state\":\"done\",\"done\":1,\"total\":1,"
                                  "\"result\":{\"refused\":12,"
                                  "\"read\":1000,\"blank\":0,\"created\":988,\"encoding\":\"CP932\"}}}");
        json_t *job = json_object_get(context, "job"), *figures = json_object_get(job, "figures");

        assert_int_equal(json_array_size(figures), 3);
        assert_string_equal(at(json_array_get(figures, 0), "text"), "1,000");
        assert_string_equal(at(json_array_get(figures, 2), "class"), "bad");
        assert_string_equal(at(job, "encoding_text"), "シフトJIS（CP932）");
        assert_string_equal(at(job, "done_text"), "1,000");
}

static void what_a_handler_set_stays(void **state)
{
        json_t *context = dressed("{\"account\":{\"state\":\"active\",\"state_text\":\"own "
                                  "words\",\"created_at\":\"not a time\",\"version\":1234}}");
        json_t *account = json_object_get(context, "account");

        assert_string_equal(at(account, "state_text"), "own words");
        assert_null(json_object_get(account, "created_at_text"));
        assert_null(json_object_get(account, "version_text"));
}

static void a_model_nested_too_deep_is_left_alone(void **state)
{
        char text[200] = "";
        size_t n = 0;

        for (int i = 0; i < 20; i++)
                n += (size_t)snprintf(text + n, sizeof(text) - n, "{\"a\":");
        n += (size_t)snprintf(text + n, sizeof(text) - n, "1000");
        for (int i = 0; i < 20; i++)
                n += (size_t)snprintf(text + n, sizeof(text) - n, "}");
        assert_non_null(dressed(text));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(numbers_have_separators),
                cmocka_unit_test(sizes_are_told_in_the_unit_people_use),
                cmocka_unit_test(durations_are_sentences_of_the_catalogue),
                cmocka_unit_test(a_query_keeps_what_it_is_not_told_to_leave_out),
                cmocka_unit_test(a_job_is_told_in_words),
                cmocka_unit_test(numbers_of_a_result_come_in_their_order_and_nothings_are_left_out),
                cmocka_unit_test(what_a_handler_set_stays),
                cmocka_unit_test(a_model_nested_too_deep_is_left_alone),
        };

        return cmocka_run_group_tests(tests, open_cx, close_cx);
}
