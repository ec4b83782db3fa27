/* postal_door.c - postal codes and the addresses they stand for. Asked while somebody types, and nothing about a person: no entry. */
#include "base/house.h"

#include "console/postal_door.h"

#include "base/fail.h"
#include "console/dress.h"
#include "register/postal.h"

static const struct field find_fields[] = {
        { .name = "code", .type = SHAPE_TEXT, .max = 40, .summary = "Postal code: seven digits of any width, with or without hyphen" },
        { NULL },
};
static const struct shape find_in = { "PostalQuery", find_fields };
static const struct field out_fields[] = {
        { .name = "code", .type = SHAPE_TEXT, .summary = "The code, as 100-0001" },
        { .name = "addresses",
          .type = SHAPE_JSON,
          .summary = "[{prefecture, city, town, prefecture_kana, city_kana, town_kana, place}]; place: code of the municipality" },
        { .name = "data",
          .type = SHAPE_JSON,
          .summary = "The file in use: {imported_at, file, rows, codes, sample, age_days, old}; null: none was imported" },
        { NULL },
};
static const struct shape out = { "PostalCode", out_fields };

/* For the page: numbers as people read them. */
static void dress(struct cx *cx, json_t *model)
{
        json_t *data = json_object_get(model, "data"), *list = json_object_get(model, "addresses");

        if (json_is_object(data))
                json_set(data, "codes_text", json_str(dress_number(cx->mem, json_integer_value(json_object_get(data, "codes")))));
        json_set(model, "has_addresses", json_boolean(json_array_size(list) > 0));
        json_set(model, "asked", json_boolean(list != NULL));
}

static rc answer(struct cx *cx, const struct http_req *req, struct http_res *res, str code)
{
        json_t *model = json_object(), *data;

        if (str_absent(code) || str_empty(str_trim(code))) {
                TRY(postal_data(cx, &data));
                json_set(model, "data", data);
        } else {
                TRY(postal_find(cx, code, &model));
        }
        if (!str_starts(req->path, S("/api/v1/")))
                dress(cx, model);
        return http_reply(res, 200, "postal.html", model);
}

/* GET /postal?code=… - postal.html: postal_find(), without a code {data}. */
static rc search(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *in;

        TRY(shape_read(cx, &find_in, req, &in));
        return answer(cx, req, res, json_get_text(in, "code"));
}

/* GET /api/v1/postal/{code} - the same. */
static rc show(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        return answer(cx, req, res, http_arg(req, "code"));
}

/* clang-format off */
const struct route postal_door_routes[] = {
        /*     method path              permission logged as    body rate    handler */
        ROUTE( GET,   "/postal",        PERM_NONE, LOG_NOTHING, 0,   NORMAL, search, "Postal codes in use; with code: the addresses it stands for", .in = &find_in, .out = &out ),
        ROUTE( GET,   "/postal/{code}", PERM_NONE, LOG_NOTHING, 0,   NORMAL, show,   "Addresses a postal code stands for", .out = &out,
               .face = FACE_API ),
        ROUTE_END
};
/* clang-format on */
