/* cookie.c - see cookie.h. */
#include "base/house.h"

#include "http/cookie.h"

/* cookie-octet of RFC 6265: visible ASCII but " , ; \ */
static bool octets(str s)
{
        for (size_t i = 0; i < s.n; i++)
                if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == ',' || s.p[i] == ';' || s.p[i] == '\\')
                        return false;
        return true;
}

str cookie_value(str header, const char *name)
{
        while (!str_absent(header)) {
                str value;
                str pair = str_trim(str_cut(header, ';', &header));
                str key = str_cut(pair, '=', &value);

                if (str_absent(value) || !str_is(key, name))
                        continue;
                if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
                        value = (str){ value.p + 1, value.n - 2 };
                return octets(value) ? value : STR_NONE;
        }
        return STR_NONE;
}
