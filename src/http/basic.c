/* basic.c - see basic.h. */
#include "base/house.h"

#include "http/basic.h"

#include "base/crypto.h"
#include "base/fail.h"
#include "http/urlencoded.h"

rc basic_read(struct cx *cx, str header, str *ret_name, str *ret_password)
{
        str scheme = S("Basic "), plain, name, password;

        if (header.n <= scheme.n || header.n > BASIC_MAX || !str_equal_nocase((str){ header.p, scheme.n }, scheme) ||
            !crypto_base64_read(cx->mem, str_trim((str){ header.p + scheme.n, header.n - scheme.n }), &plain))
                return fail(cx, RC_MALFORMED, "Authorization", "must be Basic and base64 of client_id:client_secret");
        name = str_cut(plain, ':', &password);
        if (str_absent(password))
                return fail(cx, RC_MALFORMED, "Authorization", "must be Basic and base64 of client_id:client_secret");
        TRY(urlencoded_decode(cx, name, true, "Authorization", false, ret_name));
        return urlencoded_decode(cx, password, true, "Authorization", false, ret_password);
}
