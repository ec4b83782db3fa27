/* answer.c - see answer.h. */
#include "base/house.h"

#include "http/answer.h"

#include "base/buf.h"
#include "http/disposition.h"

#include <microhttpd.h>

enum { HEADER_MAX = 8192 };

/* On every answer; HTML gets its own Content-Security-Policy below. Why each: doc/threats.md. */
static const struct {
        const char *name, *value;
} always[] = {
        { "X-Content-Type-Options", "nosniff" },
        { "Referrer-Policy", "same-origin" },
        { "Cross-Origin-Opener-Policy", "same-origin" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()" },
};

static const char policy_page[] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
                                  "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
static const char policy_data[] = "default-src 'none'; frame-ancestors 'none'; sandbox";

static void header(struct MHD_Response *r, const char *name, const char *value)
{
        (void)MHD_add_response_header(r, name, value);
}

/* A value made of foreign text: without line breaks, NUL-terminated. */
static void header_text(struct MHD_Response *r, struct arena *mem, const char *name, str value)
{
        struct buf b = buf_open(mem, HEADER_MAX);

        buf_header(&b, value);
        buf_char(&b, '\0');
        if (!buf_full(&b))
                header(r, name, b.p);
}

struct MHD_Response *answer_create(const struct http_res *res)
{
        bool bodiless = res->status == 204 || res->status == 304 || !str_absent(res->file);
        size_t size = bodiless ? 0 : res->body.n;
        struct MHD_Response *r = MHD_create_response_from_buffer(size, (void *)(uintptr_t)res->body.p, MHD_RESPMEM_MUST_COPY);
        bool cache = false;

        must(r != NULL);
        for (size_t i = 0; i < COUNT(always); i++)
                header(r, always[i].name, always[i].value);
        header(r, "Content-Security-Policy", str_starts(res->type, S("text/html")) ? policy_page : policy_data);
        if (!str_absent(res->type) && (size > 0 || !str_absent(res->file)))
                header_text(r, res->mem, "Content-Type", res->type);
        if (!str_absent(res->etag))
                header_text(r, res->mem, "ETag", str_format(res->mem, "\"%.*s\"", STR_ARG(res->etag)));
        if (!str_absent(res->location))
                header_text(r, res->mem, "Location", res->location);
        if (!str_absent(res->file_name))
                header_text(r, res->mem, "Content-Disposition", disposition_attachment(res->mem, res->file_name));
        if (!str_absent(res->file))
                header_text(r, res->mem, "X-Accel-Redirect", str_format(res->mem, "/-/files/%.*s", STR_ARG(res->file)));
        for (size_t i = 0; i < res->header_count; i++) {
                header_text(r, res->mem, str_z(res->mem, res->headers[i].name), res->headers[i].value);
                cache |= str_equal_nocase(res->headers[i].name, S("Cache-Control"));
        }
        if (!cache)
                header(r, "Cache-Control", "no-store");
        return r;
}
