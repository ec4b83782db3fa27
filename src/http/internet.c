/* internet.c - see internet.h. */
#include "base/house.h"

#include "http/internet.h"

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
