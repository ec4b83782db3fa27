/* internet.c - see internet.h. */
#include "base/house.h"

#include "http/internet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* To add one: a line. */
static const struct {
        uint32_t first;
        int bits;
} reserved4[] = {
        { 0x00000000, 8 },  { 0x0a000000, 8 },  { 0x64400000, 10 }, { 0x7f000000, 8 },  { 0xa9fe0000, 16 }, { 0xac100000, 12 }, { 0xc0000000, 24 },
        { 0xc0000200, 24 }, { 0xc0586300, 24 }, { 0xc0a80000, 16 }, { 0xc6120000, 15 }, { 0xc6336400, 24 }, { 0xcb007100, 24 }, { 0xe0000000, 3 },
};

static bool public4(uint32_t a)
{
        for (size_t i = 0; i < COUNT(reserved4); i++)
                if ((a ^ reserved4[i].first) >> (32 - reserved4[i].bits) == 0)
                        return false;
        return true;
}

/* Of 2000::/3, which is all that is given out: without Teredo and its like (2001::/23), documentation (2001:db8::/32, 3fff::/20) and 6to4 (2002::/16). */
static bool public6(const uint8_t a[16])
{
        if (a[0] >> 5 != 1)
                return false;
        if (a[0] == 0x20 && a[1] == 0x01 && (a[2] < 0x02 || (a[2] == 0x0d && a[3] == 0xb8)))
                return false;
        return !(a[0] == 0x20 && a[1] == 0x02) && !(a[0] == 0x3f && a[1] == 0xff && a[2] < 0x10);
}

bool internet_public(const struct sockaddr *address)
{
        if (address->sa_family == AF_INET)
                return public4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
        return address->sa_family == AF_INET6 && public6(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
}

bool internet_loopback(const struct sockaddr *address)
{
        if (address->sa_family == AF_INET)
                return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
        return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

bool internet_range_read(str text, struct internet_range *ret)
{
        str bits, address = str_cut(text, '/', &bits);
        char z[INET6_ADDRSTRLEN];
        int64_t n;

        if (address.n == 0 || address.n >= sizeof(z) || !str_int(bits, &n))
                return false;
        memcpy(z, address.p, address.n);
        z[address.n] = '\0';
        *ret = (struct internet_range){ .six = memchr(z, ':', address.n) != NULL, .bits = (int)n };
        return n >= 0 && n <= (ret->six ? 128 : 32) && inet_pton(ret->six ? AF_INET6 : AF_INET, z, ret->bytes) == 1;
}

static bool within(const uint8_t *address, const struct internet_range *r)
{
        size_t whole = (size_t)r->bits / 8;
        int rest = r->bits % 8;

        return memcmp(address, r->bytes, whole) == 0 && (rest == 0 || (address[whole] ^ r->bytes[whole]) >> (8 - rest) == 0);
}

bool internet_within(const struct sockaddr *address, const struct internet_range *ranges, size_t count)
{
        const uint8_t *bytes;
        bool six = address->sa_family == AF_INET6;

        if (!six && address->sa_family != AF_INET)
                return false;
        bytes = six ? ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr
                    : (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
        for (size_t i = 0; i < count; i++)
                if (ranges[i].six == six && within(bytes, &ranges[i]))
                        return true;
        return false;
}
