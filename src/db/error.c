/* error.c - SQLSTATE -> rc. To add one: a line in the table, longer prefixes first; a new sentence also in pages/messages.ja.yaml. */
#include "base/house.h"

#include "db/error.h"

static const struct {
        const char *state;   /* prefix of the SQLSTATE */
        const char *message; /* prefix of the message, where the state alone does not tell; NULL: any */
        rc code;
        const char *text;
} table[] = {
        { "08", NULL, RC_UNAVAILABLE, "the database cannot be reached; please try again in a moment" },
        { "0A000", "cached plan must not change", RC_BUSY, "this register was changed just now; please try again" },
        { "21000", "ON CONFLICT DO UPDATE", RC_INVALID, "the same key stands here twice" },
        { "22001", NULL, RC_INVALID, "is too long" },
        { "22003", NULL, RC_INVALID, "is too large or too small a number" },
        { "22007", NULL, RC_INVALID, "is not a date or time" },
        { "22008", NULL, RC_INVALID, "is not a date or time" },
        { "22021", NULL, RC_MALFORMED, "holds characters that cannot be stored" },
        { "22P05", NULL, RC_MALFORMED, "holds characters that cannot be stored" },
        { "22P04", NULL, RC_MALFORMED, "has a row that cannot be read" },
        { "22", NULL, RC_INVALID, "is not a value of the right kind" },
        { "23502", NULL, RC_INVALID, "must not be empty" },
        { "23503", "this folder is not empty", RC_CONFLICT, "this folder is not empty; move or delete what is in it first" },
        { "23503", "update or delete", RC_CONFLICT, "is still used elsewhere" },
        { "23503", NULL, RC_INVALID, "refers to something that does not exist" },
        { "23514", "nobody could manage accounts", RC_CONFLICT,
          "nobody who manages accounts could log in any more; link one of them first, or let passwords in again" },
        { "23505", "somebody else holds", RC_CONFLICT, "somebody else holds this group; one person holds it at a time" },
        { "23505", "duplicate key value violates unique constraint \"device_serial", RC_CONFLICT,
          "a device with this number is registered already; one device is for one person" },
        { "23505", NULL, RC_CONFLICT, "is already taken" },
        { "23514", "people of other departments hold", RC_CONFLICT,
          "people of other departments hold administering permissions; take those away first" },
        { "23514", "people of other departments are", RC_CONFLICT, "people of other departments are in this group" },
        { "23514", "more than one person", RC_CONFLICT, "more than one person is in this group; take it from the others first" },
        { "23514", "this department was retired", RC_CONFLICT, "this department was retired" },
        { "23514", "the department of the administrators", RC_CONFLICT,
          "the department of the administrators is merged only into one that is marked so as well" },
        { "23514", "two people must be able", RC_CONFLICT,
          "two people at least must hold the permission to approve access requests before this is switched on" },
        { "23514", "the approval of rights stays on", RC_CONFLICT,
          "the approval of rights stays on; only the operator of the service can switch it off" },
        { "23514", "whoever requires devices", RC_CONFLICT,
          "whoever switches this on needs an approved device; register yours, and let somebody else approve it first" },
        { "23514", "nobody could approve devices", RC_CONFLICT,
          "nobody who can approve devices would have an approved one; somebody else who manages accounts must have one first" },
        { "23514", "this device cannot be approved", RC_CONFLICT, "something that must be so is not so on this device; it stays pending" },
        { "23514", "devices lock after five", RC_INVALID, "here a device locks after five minutes at most; change its settings first" },
        { "23514", "no end was chosen", RC_INVALID, "choose the last day, or say that it is for as long as the person belongs to the company" },
        { "23514", "nothing would change", RC_INVALID, "nothing would change by this request" },
        { "23514", "there are as many folders", RC_CONFLICT, "there are as many folders as there can be; delete one first" },
        { "23514", "a folder cannot stand", RC_INVALID, "a folder cannot stand within itself" },
        { "23514", "folders stand at most", RC_INVALID, "folders stand at most five deep; choose one further up" },
        { "23514", "a mail that was sent", RC_CONFLICT, "this mail was sent and stays as it was; copy it to write another one" },
        { "23514", "what lies in the trash", RC_CONFLICT, "this mail lies in the trash; take it out first" },
        { "23514", "only what lies in the trash", RC_CONFLICT, "this mail does not lie in the trash" },
        { "23514", "the state of a record changes by a move", RC_CONFLICT,
          "is changed by moves only; the page of the record has those that are possible" },
        { "23514", "a new record begins in another state", RC_INVALID, "is not a state a new record begins in" },
        { "23514", NULL, RC_INVALID, "is not an allowed value" },
        { "23P01", NULL, RC_CONFLICT, "overlaps with something that exists" },
        { "23000", "somebody who may manage accounts must be left", RC_CONFLICT, "somebody who may manage accounts must be left" },
        { "23", NULL, RC_CONFLICT, "clashes with something that exists" },
        { "25006", NULL, RC_UNAVAILABLE, "the database takes no changes at the moment" },
        { "28", NULL, RC_UNAVAILABLE, "the database does not let this process in" },
        { "3D", NULL, RC_UNAVAILABLE, "the database does not exist yet" },
        { "40", NULL, RC_BUSY, "somebody else changed the same thing at this moment; please try again" },
        { "42501", "a group of a department", RC_FORBIDDEN, "a group of a department is for people of that department only" },
        { "42501", "administering permissions are", RC_FORBIDDEN,
          "administering permissions are for people of the department that administers the system" },
        { "42501", "rights change here only", RC_FORBIDDEN,
          "rights change here only by a request that a second person approves; ask for the change under \"access requests\" (/access/new)" },
        { "42501", "nobody gives what they do not hold", RC_FORBIDDEN, "nobody gives rights that they do not hold themselves" },
        { "42501", "another person must approve this request", RC_FORBIDDEN, "nobody approves rights of their own; another person must" },
        { "42501", "more than was asked for", RC_INVALID, "only what was asked for can be given; whoever needs more asks anew" },
        { "42501", "this request is too old", RC_CONFLICT, "this request is too old; it must be asked for anew" },
        { "42501", "who asked is not here", RC_CONFLICT, "whoever asked is not here any more; somebody else must ask anew" },
        { "42501", "something changed since", RC_CONFLICT, "the rights have changed since this was asked for; refuse it, and ask anew" },
        { "42501", NULL, RC_FORBIDDEN, "the database does not allow this here" },
        { "44000", NULL, RC_FORBIDDEN, "the database does not allow this here" },
        { "53100", NULL, RC_DISK_FULL, "there is no space left on the disk" },
        { "53300", NULL, RC_BUSY, "the database has too many connections; please try again in a moment" },
        { "53", NULL, RC_UNAVAILABLE, "the database is short of memory; please try again in a moment" },
        { "54", NULL, RC_TOO_LARGE, "is too large for the database" },
        { "55P03", NULL, RC_BUSY, "somebody else is working on this; please try again in a moment" },
        { "55006", NULL, RC_BUSY, "somebody else is working on this; please try again in a moment" },
        { "57014", "canceling statement due to statement timeout", RC_BUSY, "this took too long and was stopped" },
        { "57014", "canceling statement due to lock timeout", RC_BUSY, "somebody else is working on this; please try again in a moment" },
        { "57014", NULL, RC_CANCELLED, "this was cancelled" },
        { "57", NULL, RC_UNAVAILABLE, "the database is stopping or starting; please try again in a moment" },
        { "58030", NULL, RC_UNAVAILABLE, "the database cannot read or write its files" },
        { "", NULL, RC_INTERNAL, "something went wrong inside; it has been recorded" },
};

static size_t find(const struct error *e)
{
        size_t i = 0;

        for (;; i++) {
                if (!str_starts(str_of(e->sqlstate), str_of(table[i].state)))
                        continue;
                if (table[i].message == NULL || (e->message && str_starts(str_of(e->message), str_of(table[i].message))))
                        return i;
        }
}

/* r_customers_email_key of r_customers -> email; account_group_tenant_name_key of account_group -> name. Absent: no such shape. */
static str constraint_item(const struct error *e)
{
        static const char *const ends[] = { "_key", "_check", "_fkey", "_excl", "_not_null" };
        str name = str_of(e->constraint), start = str_of(e->table);

        if (str_absent(name) || str_absent(start) || !str_starts(name, start) || name.n < start.n + 2 || name.p[start.n] != '_')
                return STR_NONE;
        name = (str){ name.p + start.n + 1, name.n - start.n - 1 };
        for (size_t i = 0; i < COUNT(ends); i++)
                if (str_ends(name, str_of(ends[i]))) {
                        name.n -= strlen(ends[i]);
                        if (str_starts(name, S("tenant_"))) {
                                name.p += strlen("tenant_");
                                name.n -= strlen("tenant_");
                        }
                        return str_empty(name) ? STR_NONE : name;
                }
        return STR_NONE;
}

/* COPY r_customers, line 12, column email: "…" */
static void copy_place(const struct error *e, int64_t *ret_line, str *ret_column)
{
        const char *p = e->context && str_starts(str_of(e->context), S("COPY ")) ? strstr(e->context, ", line ") : NULL;
        int64_t line = 0;
        size_t n;

        *ret_line = 0;
        *ret_column = STR_NONE;
        if (p == NULL)
                return;
        for (p += strlen(", line "); *p >= '0' && *p <= '9' && line < INT32_MAX; p++)
                line = line * 10 + (*p - '0');
        *ret_line = line;
        if (!str_starts(str_of(p), S(", column ")))
                return;
        p += strlen(", column ");
        n = strcspn(p, ":\n\"'");
        if (n > 0 && n < 64)
                *ret_column = (str){ p, n };
}

rc error_fail(struct cx *cx, const struct error *e)
{
        static const struct error lost = { .sqlstate = "08006" };
        size_t i;
        int64_t line;
        str item, column;

        if (e->sqlstate == NULL)
                e = &lost;
        i = find(e);
        copy_place(e, &line, &column);
        item = constraint_item(e);
        if (str_absent(item))
                item = !str_absent(str_of(e->column)) ? str_of(e->column) : column;
        if (!str_starts(str_of(e->sqlstate), S("22")) && !str_starts(str_of(e->sqlstate), S("23")))
                item = STR_NONE;
        return fail_line(cx, table[i].code, line, str_absent(item) ? NULL : str_z(cx->mem, item), table[i].text, 0);
}

bool error_message_harmless(const char *sqlstate)
{
        str s = str_of(sqlstate);

        return !str_absent(s) && !str_starts(s, S("22")) && !str_starts(s, S("23")) && !str_starts(s, S("P0"));
}
