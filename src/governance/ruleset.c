/* ruleset.c - see ruleset.h. What is refused going out is answered by ICMP at once, so that a program on the VDI does not hang; what comes in from elsewhere
 * hears nothing. */
#include "base/house.h"

#include "governance/ruleset.h"

#include "base/buf.h"
#include "governance/plan.h"

enum { RULES_MAX = 256 << 10 };

static void allowed_add(struct cx *cx, struct buf *b, const json_t *list, const char *why)
{
        const json_t *one;
        size_t i;

        json_array_foreach(list, i, one) {
                struct plan_endpoint e = plan_endpoint(cx, json_text(one));

                buf_format(b, "\t\t%s daddr %.*s %s dport %" PRId64 " counter accept comment \"%s\"\n", e.six ? "ip6" : "ip", STR_ARG(e.address),
                           e.udp ? "udp" : "tcp", e.port, why);
        }
}

static void comers_add(struct buf *b, const json_t *list, int64_t port, const char *why)
{
        const json_t *one;
        size_t i;

        json_array_foreach(list, i, one) {
                str range = json_text(one);

                buf_format(b, "\t\t%s saddr %.*s tcp dport %" PRId64 " counter accept comment \"%s\"\n", memchr(range.p, ':', range.n) ? "ip6" : "ip",
                           STR_ARG(range), port, why);
        }
}

str ruleset_write(struct cx *cx, const json_t *plan)
{
        struct buf b = buf_open(cx->mem, RULES_MAX);
        int64_t port = plan_endpoint(cx, json_get_text(plan, "vdi")).port;

        buf_text(&b, "# Made by `daicho maintenance rules`; load it on the VDI: nft -f FILE. It replaces its own table and touches no other.\n"
                     "table inet daicho_vdi\ndelete table inet daicho_vdi\n\ntable inet daicho_vdi {\n"
                     "\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n"
                     "\t\tct state established,related accept\n\t\tiif lo accept\n"
                     "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept\n");
        comers_add(&b, json_object_get(plan, "office"), port, "office");
        comers_add(&b, json_object_get(plan, "vpn"), port, "vpn");
        buf_text(&b, "\t\tlimit rate 10/minute log prefix \"daicho-vdi-in \"\n\t\tcounter\n\t}\n"
                     "\tchain output {\n\t\ttype filter hook output priority filter; policy drop;\n"
                     "\t\tct state established,related accept\n\t\toif lo accept\n"
                     "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept\n");
        allowed_add(cx, &b, json_object_get(plan, "management"), "management");
        allowed_add(cx, &b, json_object_get(plan, "egress"), "egress");
        buf_text(&b, "\t\tlimit rate 10/minute log prefix \"daicho-vdi-out \"\n\t\tcounter reject with icmpx admin-prohibited\n\t}\n}\n");
        must(!buf_full(&b));
        return buf_str(&b);
}
