/* cmd_backup.c - see cmd_backup.h. Works as the owner of the house, whoever calls. */
#include "base/house.h"

#include "cli/cmd_backup.h"

#include "base/fail.h"
#include "base/file.h"
#include "cli/depot.h"
#include "cli/flow.h"
#include "cli/operator.h"
#include "cli/print.h"
#include "cli/recover.h"
#include "cli/snapshot.h"
#include "cli/snapshot.sql.h"
#include "db/db.h"
#include "log/log.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES_MAX = 10000, INCIDENT_MAX = 100, REASON_MAX = 300 };

/* What one command came to, place by place. */
struct wish {
        const struct place *place;
        struct depot depot;
        struct snapshot made;
        str trouble[DEPOT_PLACES_MAX], newest[DEPOT_PLACES_MAX];
        str *names; /* of all backups there are */
        size_t name_count;
        json_t *removed;
        msec now;
        rc result;
        struct failure failure;
        str verified, out;
        bool sound;
};

/* From here on this process is the house's owner, for good. */
static rc owner_become(struct cx *cx)
{
        const char *mark = place_path(cx, command_dir(cx), "VERSION");
        const struct passwd *user;
        struct stat st;

        if (geteuid() != 0)
                return RC_OK;
        if (stat(mark, &st) != 0)
                return file_failed(cx, mark, errno);
        user = getpwuid(st.st_uid);
        if ((user != NULL ? initgroups(user->pw_name, st.st_gid) : setgroups(0, NULL)) != 0 || setresgid(st.st_gid, st.st_gid, st.st_gid) != 0 ||
            setresuid(st.st_uid, st.st_uid, st.st_uid) != 0)
                return file_failed(cx, mark, errno);
        return RC_OK;
}

static rc wish_open(struct cx *cx, struct wish *w)
{
        *w = (struct wish){ .removed = json_array(), .verified = STR_NONE, .out = STR_NONE };
        w->names = NEW_ARRAY(cx->mem, str, NAMES_MAX);
        for (size_t i = 0; i < DEPOT_PLACES_MAX; i++)
                w->trouble[i] = w->newest[i] = STR_NONE;
        (void)umask(0077);
        TRY(command_place(cx, &w->place));
        TRY(depot_open(cx, w->place, &w->depot));
        return owner_become(cx);
}

static rc now_work(struct cx *cx, void *data)
{
        struct wish *w = data;

        return sql_snapshot_now(cx, &w->now);
}

/* What is wrong with a place is told at the end, and stops nothing else. */
static void trouble_note(struct cx *cx, struct wish *w, size_t i)
{
        if (str_absent(w->trouble[i]))
                w->trouble[i] = str_copy(cx->mem, cx->failure.count > 0 ? cx->failure.problem[0].text : S("?"));
        fail_clear(cx);
}

static bool named(const struct wish *w, str name)
{
        for (size_t i = 0; i < w->name_count; i++)
                if (str_equal(w->names[i], name))
                        return true;
        return false;
}

static rc place_prune(struct cx *cx, struct wish *w, size_t i)
{
        str place = w->depot.places[i];
        struct depot_backup *list;
        size_t count;

        TRY(depot_reach(cx, place));
        TRY(depot_sweep(cx, place));
        TRY(depot_list(cx, place, &list, &count));
        for (size_t k = 0; k < count; k++) {
                if (!depot_over(&list[k], w->now)) {
                        w->newest[i] = list[k].name;
                        if (!named(w, list[k].name) && w->name_count < NAMES_MAX)
                                w->names[w->name_count++] = list[k].name;
                        continue;
                }
                TRY(depot_remove(cx, place, list[k].name));
                must(json_array_append_new(w->removed, json_str(str_format(cx->mem, "%.*s/%.*s", STR_ARG(place), STR_ARG(list[k].name)))) == 0);
        }
        return RC_OK;
}

/* The recovery copy of the keys as they are now: a key that was destroyed is not in it any more. */
static rc place_keys(struct cx *cx, const struct wish *w, str place)
{
        if (str_empty(w->place->config.backup_recovery))
                return RC_OK;
        return depot_keys_write(cx, w->place->dir, w->place->config.backup_recovery, place_path(cx, place, "keys.age"));
}

static void places_prune(struct cx *cx, struct wish *w)
{
        for (size_t i = 0; i < w->depot.count; i++)
                if (place_prune(cx, w, i) != RC_OK || place_keys(cx, w, w->depot.places[i]) != RC_OK)
                        trouble_note(cx, w, i);
}

static rc places_note(struct cx *cx, const struct wish *w)
{
        bool all = true;

        for (size_t i = 0; i < w->depot.count; i++) {
                sql_snapshot_place_queue(cx, w->depot.places[i], w->newest[i], w->trouble[i]);
                all = all && str_absent(w->trouble[i]);
        }
        sql_snapshot_places_queue(cx, db_array(cx, w->depot.places, w->depot.count));
        if (all)
                sql_snapshot_gone_queue(cx, db_array(cx, w->names, w->name_count));
        return RC_OK;
}

static json_t *troubles(const struct wish *w)
{
        json_t *list = json_array();

        for (size_t i = 0; i < w->depot.count; i++)
                if (!str_absent(w->trouble[i]))
                        must(json_array_append_new(list, json_str(w->trouble[i])) == 0);
        return list;
}

/* One sentence a place; the exit status tells as well. */
static rc troubles_tell(struct cx *cx, const struct wish *w)
{
        for (size_t i = 0; i < w->depot.count; i++)
                if (!str_absent(w->trouble[i]))
                        (void)fail(cx, RC_UNAVAILABLE, NULL, "%.*s", STR_ARG(w->trouble[i]));
        return cx->failure.code;
}

static json_t *model_of(struct cx *cx, const struct wish *w)
{
        json_t *model = json_object();

        if (!str_absent(w->made.name)) {
                json_set(model, "name", json_str(w->made.name));
                json_set(model, "taken_at", json_str(clock_rfc3339(cx->mem, w->made.taken_at)));
                json_set(model, "contracts", json_integer(w->made.contracts));
                json_set(model, "bytes", json_integer(w->made.bytes));
        }
        json_set(model, "removed", w->removed);
        return json_set(model, "trouble", troubles(w));
}

static rc make_note(struct cx *cx, void *data)
{
        struct wish *w = data;

        log_subject(cx, S("backup"), 0);
        if (w->result != RC_OK) {
                cx->failure = w->failure;
                return w->result;
        }
        log_detail(cx, "backup", json_str(w->made.name));
        log_detail(cx, "contracts", json_integer(w->made.contracts));
        log_detail(cx, "bytes", json_integer(w->made.bytes));
        log_detail(cx, "trouble", troubles(w));
        sql_snapshot_note_queue(cx, w->made.name, w->made.taken_at, w->made.contracts, w->made.bytes);
        return places_note(cx, w);
}

static rc make_all(struct cx *cx, struct wish *w, size_t first)
{
        places_prune(cx, w);
        TRY(depot_reach(cx, w->depot.places[first]));
        w->trouble[first] = STR_NONE;
        TRY(snapshot_make(cx, w->place, w->depot.places[first], &w->made));
        w->newest[first] = w->made.name;
        w->names[w->name_count++] = w->made.name;
        for (size_t i = 0; i < w->depot.count; i++) {
                if (i != first && str_absent(w->trouble[i])) {
                        if (depot_copy(cx, w->depot.places[first], w->made.name, w->depot.places[i]) == RC_OK)
                                w->newest[i] = w->made.name;
                        else
                                trouble_note(cx, w, i);
                }
                if (str_absent(w->trouble[i]) && place_keys(cx, w, w->depot.places[i]) != RC_OK)
                        trouble_note(cx, w, i);
        }
        return RC_OK;
}

static rc prune_note(struct cx *cx, void *data)
{
        struct wish *w = data;

        log_subject(cx, S("backup"), 0);
        log_detail(cx, "removed", json_copy(w->removed));
        log_detail(cx, "trouble", troubles(w));
        return places_note(cx, w);
}

/* An entry when something was removed, or something is wrong. */
static rc prune_tell(struct cx *cx, struct wish *w)
{
        bool said = json_array_size(w->removed) > 0 || json_array_size(troubles(w)) > 0;

        return operator_do(cx, STR_NONE, said ? LOG_DELETE : LOG_NOTHING, prune_note, w);
}

static rc make(struct cx *cx, struct args *args)
{
        struct wish w;
        str wanted = STR_NONE;
        size_t first = 0;

        if (args->count > 0)
                TRY(args_word(cx, args, "DIR", &wanted));
        TRY(args_end(cx, args));
        TRY(wish_open(cx, &w));
        while (!str_absent(wanted) && first < w.depot.count && !str_equal(w.depot.places[first], wanted))
                first++;
        if (first == w.depot.count)
                return fail(cx, RC_INVALID, NULL, "%.*s is not named in backup_places: nobody would remove it after seven days", STR_ARG(wanted));
        TRY(depot_lock(cx, w.place));
        TRY(operator_do(cx, STR_NONE, LOG_NOTHING, now_work, &w));
        w.result = make_all(cx, &w, first);
        w.failure = cx->failure;
        fail_clear(cx);
        if (json_array_size(w.removed) > 0)
                TRY(prune_tell(cx, &w));
        TRY(operator_do(cx, STR_NONE, LOG_CREATE, make_note, &w));
        if (command_json())
                print_json(cx, model_of(cx, &w));
        else
                print_line(cx, "backup %.*s was made: %lld contracts, %lld bytes", STR_ARG(w.made.name), (long long)w.made.contracts,
                           (long long)w.made.bytes);
        return troubles_tell(cx, &w);
}

static rc prune(struct cx *cx, struct args *args)
{
        struct wish w;

        TRY(args_end(cx, args));
        TRY(wish_open(cx, &w));
        TRY(depot_lock(cx, w.place));
        TRY(operator_do(cx, STR_NONE, LOG_NOTHING, now_work, &w));
        places_prune(cx, &w);
        TRY(prune_tell(cx, &w));
        if (command_json())
                print_json(cx, model_of(cx, &w));
        else
                print_line(cx, "%lld backups were removed", (long long)json_array_size(w.removed));
        return troubles_tell(cx, &w);
}

/* A directory becomes a place: it says so itself, and belongs to the owner of the house. */
static rc place_run(struct cx *cx, struct args *args)
{
        const char *mark = place_path(cx, command_dir(cx), "VERSION"), *path;
        struct stat st;
        str dir;

        TRY(args_word(cx, args, "DIR", &dir));
        TRY(args_end(cx, args));
        if (str_empty(dir) || dir.p[0] != '/')
                return fail(cx, RC_INVALID, "backup_places", "%.*s is not an absolute path", STR_ARG(dir));
        if (stat(mark, &st) != 0)
                return file_failed(cx, mark, errno);
        path = str_z(cx->mem, dir);
        TRY(file_directory(cx, path, 0700));
        if (geteuid() == 0 && chown(path, st.st_uid, st.st_gid) != 0)
                return file_failed(cx, path, errno);
        TRY(owner_become(cx));
        TRY(file_write(cx, place_path(cx, dir, DEPOT_MARK), S("Backups of Daicho, encrypted. `daicho backup prune` removes them after seven days.\n"),
                       0600));
        print_line(cx, "%.*s is a place for backups now; name it in backup_places of daicho.conf", STR_ARG(dir));
        return RC_OK;
}

static json_t *row_of(struct cx *cx, const struct wish *w, str place, const struct depot_backup *b)
{
        json_t *row = json_object(), *manifest = NULL, *file;
        int64_t bytes = 0;
        size_t i;

        json_set(row, "place", json_str(place));
        json_set(row, "name", json_str(b->name));
        json_set(row, "taken_at", json_str(clock_rfc3339(cx->mem, b->taken_at)));
        if (depot_manifest_read(cx, w->place->dir, place_path(cx, place, "%.*s", STR_ARG(b->name)), true, &manifest) != RC_OK) {
                json_set(row, "trouble", json_str(str_copy(cx->mem, cx->failure.count > 0 ? cx->failure.problem[0].text : S("?"))));
                fail_clear(cx);
                return row;
        }
        json_array_foreach(json_object_get(manifest, "files"), i, file)
                bytes += json_integer_value(json_object_get(file, "size"));
        json_set(row, "contracts", json_copy(json_object_get(manifest, "contracts")));
        return json_set(row, "bytes", json_integer(bytes));
}

static rc list(struct cx *cx, struct args *args)
{
        static const struct column columns[] = { { "place", "place" },    { "name", "backup" },
                                                 { "taken_at", "taken" }, { "contracts", "contracts" },
                                                 { "bytes", "bytes" },    { "trouble", "trouble" },
                                                 { NULL, NULL } };
        json_t *rows = json_array();
        struct wish w;

        TRY(args_end(cx, args));
        TRY(wish_open(cx, &w));
        for (size_t i = 0; i < w.depot.count; i++) {
                struct depot_backup *all;
                size_t count = 0;

                if (depot_reach(cx, w.depot.places[i]) != RC_OK || depot_list(cx, w.depot.places[i], &all, &count) != RC_OK)
                        trouble_note(cx, &w, i);
                for (size_t k = 0; k < count; k++)
                        must(json_array_append_new(rows, row_of(cx, &w, w.depot.places[i], &all[k])) == 0);
        }
        if (command_json())
                print_json(cx, rows);
        else
                print_table(cx, rows, columns);
        return troubles_tell(cx, &w);
}

static rc file_verify(struct cx *cx, const struct wish *w, const char *directory, const json_t *file, int64_t *destroyed)
{
        str name = json_get_text(file, "name"), owner = json_get_text(file, "owner"), sha256, recipient;
        const char *path;
        int64_t size;

        if (!file_name_safe(name) || !file_name_safe(owner))
                return fail(cx, RC_CONFLICT, NULL, "the manifest of %s cannot be read", directory);
        path = str_format(cx->mem, "%s/%.*s", directory, STR_ARG(name)).p;
        TRY(depot_measure(cx, path, &size, &sha256));
        if (!str_equal(sha256, json_get_text(file, "sha256")) || size != json_integer_value(json_object_get(file, "size")))
                return fail(cx, RC_CONFLICT, NULL, "%s is damaged", path);
        TRY(depot_key_read(cx, w->place->dir, owner, &recipient));
        if (str_absent(recipient) || !str_equal(recipient, json_get_text(file, "recipient"))) {
                ++*destroyed;
                return RC_OK;
        }
        {
                const char *const argv[] = { "/usr/bin/age", "-d", "-i", place_path(cx, w->place->dir, DEPOT_KEYS "/%.*s.key", STR_ARG(owner)),
                                             path,           NULL };

                return flow_alone(cx, argv, "age");
        }
}

/* One backup in one place: every file decrypts to its end and is what was signed. */
static rc backup_verify(struct cx *cx, const struct wish *w, str place, str name, int64_t *files, int64_t *destroyed)
{
        const char *directory = place_path(cx, place, "%.*s", STR_ARG(name));
        json_t *manifest, *file;
        size_t i;

        TRY(depot_manifest_read(cx, w->place->dir, directory, true, &manifest));
        json_array_foreach(json_object_get(manifest, "files"), i, file) {
                TRY(file_verify(cx, w, directory, file, destroyed));
                ++*files;
        }
        return RC_OK;
}

static rc verify_note(struct cx *cx, void *data)
{
        const struct wish *w = data;

        log_subject(cx, S("backup"), 0);
        log_detail(cx, "backup", json_str(w->verified));
        log_detail(cx, "sound", json_boolean(w->sound));
        return sql_snapshot_sound(cx, w->verified, w->sound);
}

/* Every backup in every place, or the one that is named, or the newest. What is found is noted when the house runs; it need not. */
static rc verify(struct cx *cx, struct args *args)
{
        struct wish w;
        str wanted = STR_NONE;
        int64_t files = 0, destroyed = 0, seen = 0;

        if (args->count > 0)
                TRY(args_word(cx, args, "NAME", &wanted));
        TRY(args_end(cx, args));
        TRY(wish_open(cx, &w));
        for (size_t i = 0; i < w.depot.count; i++) {
                struct depot_backup *all;
                size_t count = 0;

                if (depot_reach(cx, w.depot.places[i]) != RC_OK || depot_list(cx, w.depot.places[i], &all, &count) != RC_OK)
                        trouble_note(cx, &w, i);
                for (size_t k = 0; k < count; k++) {
                        if (!str_absent(wanted) && !str_equal(all[k].name, wanted) && !(str_is(wanted, "newest") && k + 1 == count))
                                continue;
                        seen++;
                        w.sound = backup_verify(cx, &w, w.depot.places[i], all[k].name, &files, &destroyed) == RC_OK;
                        if (!w.sound)
                                trouble_note(cx, &w, i);
                        w.verified = all[k].name;
                        if (access(place_path(cx, w.place->dir, "run/.s.PGSQL.5432"), F_OK) == 0)
                                TRY(operator_do(cx, STR_NONE, LOG_VERIFY, verify_note, &w));
                }
        }
        if (seen == 0 && cx->failure.count == 0)
                TRY(troubles_tell(cx, &w));
        if (seen == 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such backup");
        if (command_json())
                print_json(cx, json_set(json_set(json_set(json_set(json_object(), "backups", json_integer(seen)), "files", json_integer(files)),
                                                 "destroyed", json_integer(destroyed)),
                                        "trouble", troubles(&w)));
        else
                print_line(cx, "%lld backups: %lld files are whole, of them %lld have no key any more", (long long)seen, (long long)files,
                           (long long)destroyed);
        return troubles_tell(cx, &w);
}

static rc keys_note(struct cx *cx, void *data)
{
        const struct wish *w = data;

        log_subject(cx, S("backup"), 0);
        log_detail(cx, "recipient", json_str(w->verified));
        return RC_OK;
}

/* The entry comes first: keys leave no house without one. */
static rc keys(struct cx *cx, struct args *args)
{
        struct wish w = { .verified = STR_NONE, .out = STR_NONE };

        TRY(args_text(cx, args, "--to", &w.verified));
        TRY(args_word(cx, args, "FILE", &w.out));
        TRY(args_end(cx, args));
        if (str_absent(w.verified) || !str_starts(w.verified, S("age1")))
                return fail(cx, RC_USAGE, NULL, "say who may open the keys: --to RECIPIENT, as `age-keygen` shows it (age1…)");
        (void)umask(0077);
        TRY(command_place(cx, &w.place));
        TRY(owner_become(cx));
        TRY(operator_do(cx, STR_NONE, LOG_EXPORT, keys_note, &w));
        TRY(depot_keys_write(cx, w.place->dir, w.verified, str_z(cx->mem, w.out)));
        if (!command_json())
                print_line(cx, "a key that stands in this file cannot be destroyed by the house: replace the file when a contract has ended");
        return RC_OK;
}

static rc restore(struct cx *cx, struct args *args)
{
        str identity = STR_NONE, secrets = STR_NONE, backup;
        struct recover what = { .incident = STR_NONE, .reason = STR_NONE };
        json_t *told;
        char *real;

        TRY(args_text(cx, args, "--identity", &identity));
        TRY(args_text(cx, args, "--secrets", &secrets));
        TRY(args_text(cx, args, "--incident", &what.incident));
        TRY(args_text(cx, args, "--reason", &what.reason));
        TRY(args_word(cx, args, "BACKUP", &backup));
        TRY(args_end(cx, args));
        if (str_absent(what.incident) || str_empty(str_trim(what.incident)) || what.incident.n > INCIDENT_MAX || str_absent(what.reason) ||
            str_empty(str_trim(what.reason)) || what.reason.n > REASON_MAX)
                return fail(cx, RC_USAGE, NULL,
                            "a backup is restored after a disaster only: --incident NUMBER and --reason TEXT are written into the log");
        if (str_absent(identity) == str_absent(secrets))
                return fail(cx, RC_USAGE, NULL,
                            "say what opens it: --identity FILE for keys.age beside the backup, or --secrets DIR, the house's own");
        real = realpath(str_z(cx->mem, backup), NULL); /* NOLINT: as long as the process */
        if (real == NULL)
                return file_failed(cx, str_z(cx->mem, backup), errno);
        what.backup = real;
        what.identity = str_absent(identity) ? NULL : str_z(cx->mem, identity);
        what.secrets = str_absent(secrets) ? NULL : str_z(cx->mem, secrets);
        (void)umask(0077);
        TRY(recover_run(cx, &what, &told));
        if (command_json()) {
                print_json(cx, told);
                return RC_OK;
        }
        print_line(cx, "restored: %lld contracts, as of %.*s, in %lld s; %lld had no key any more and stay gone; start with `daicho up`",
                   (long long)json_integer_value(json_object_get(told, "contracts")), STR_ARG(json_get_text(told, "taken_at")),
                   (long long)json_integer_value(json_object_get(told, "seconds")), (long long)json_array_size(json_object_get(told, "lost")));
        return RC_OK;
}

/* clang-format off */
const struct command cmd_backup_commands[] = {
        { "backup place", "DIR", "prepare a directory for backups", place_run },
        { "backup make", "[DIR]", "make an encrypted backup of the whole house and copy it to every place; remove those older than seven days", make },
        { "backup prune", "", "remove backups whose seven days are over, in every place", prune },
        { "backup list", "", "list the backups in every place", list },
        { "backup verify", "[NAME|newest]", "decrypt every file of the backups and compare it with what was signed", verify },
        { "backup keys", "FILE --to RECIPIENT", "export the house's keys, encrypted to a recipient of age, into a file", keys },
        { "backup restore", "BACKUP --incident NUMBER --reason TEXT (--identity FILE | --secrets DIR)", "after a disaster: make the house of --dir, which must be empty, out of a backup", restore },
        { .name = NULL },
};
/* clang-format on */
