/* depot.h - the places backups lie in (backup_places of daicho.conf), and what lies there:
 *
 *   PLACE/DAICHO-BACKUPS          says that this is a place, and not the empty point where it should be mounted
 *   PLACE/keys.age                keys and other secrets of the house, for the holder of backup_recovery's identity only; always the newest
 *   PLACE/20261123T013000Z/       one backup, named after the moment it takes everything back to (UTC)
 *     manifest.json manifest.sig  what belongs to it, signed by the house
 *     _house.rows.age             the house itself: its definitions and the rows that belong to no contract
 *     acme.rows.age acme.files.age  a contract: its schema and its rows, as a script for psql; its stored files and its sealed log, as tar
 *
 * Half a backup has another name (.new-…) and counts as none. */
#ifndef DAICHO_CLI_DEPOT_H
#define DAICHO_CLI_DEPOT_H

#include "base/clock.h"
#include "base/json.h"
#include "cli/place.h"

#define DEPOT_MARK  "DAICHO-BACKUPS"
#define DEPOT_KEYS  "secret/backup"
#define DEPOT_HOUSE "_house"
enum { DEPOT_PLACES_MAX = 8, DEPOT_KEEP_DAYS = 7, DEPOT_NAME = 16 };

struct depot {
        const struct place *place;
        str places[DEPOT_PLACES_MAX];
        size_t count;
};

struct depot_backup {
        str name;
        msec taken_at;
};

/* RC_INVALID when backup_places names none, too many or no absolute paths. */
rc depot_open(struct cx *cx, const struct place *place, struct depot *ret) MUST_USE;
/* Can it be reached, and is it one? RC_UNAVAILABLE says what is wrong. */
rc depot_reach(struct cx *cx, str place) MUST_USE;
/* Oldest first. */
rc depot_list(struct cx *cx, str place, struct depot_backup **ret, size_t *ret_count) MUST_USE;
/* "20261123T013000Z" */
bool depot_name_read(str name, msec *ret);
/* Its seven days are over. */
bool depot_over(const struct depot_backup *backup, msec now);
/* All or nothing for whoever looks: first another name, then file by file. */
rc depot_remove(struct cx *cx, str place, str name) MUST_USE;
/* What a make, a copy or a removal that was cut short left behind. */
rc depot_sweep(struct cx *cx, str place) MUST_USE;
/* One backup from a place into another; every file compared with its manifest on the way. */
rc depot_copy(struct cx *cx, str from, str name, str to) MUST_USE;
/* Only one at a time may make or remove: held until this process ends. RC_BUSY. */
rc depot_lock(struct cx *cx, const struct place *place) MUST_USE;

/* Size and SHA-256 (hex) of a file. */
rc depot_measure(struct cx *cx, const char *path, int64_t *ret_size, str *ret_sha256) MUST_USE;
/* A directory's entries are durable. */
rc depot_sync(struct cx *cx, const char *directory) MUST_USE;
/* An empty directory again: all that lies in it is removed, and itself. */
rc depot_clear(struct cx *cx, const char *directory) MUST_USE;

/* secret/backup/NAME.key, an identity of age; made when there is none. *ret: its public half. */
rc depot_key_ensure(struct cx *cx, str dir, str name, str *ret_recipient) MUST_USE;
/* Its public half; absent when there is none (any more). */
rc depot_key_read(struct cx *cx, str dir, str name, str *ret_recipient) MUST_USE;
/* manifest.json and manifest.sig in `directory`; the signing key is made when there is none. */
rc depot_manifest_write(struct cx *cx, str dir, const char *directory, const json_t *manifest) MUST_USE;
/* RC_CONFLICT: it was not signed by this house. check: false when there is no key to compare with (a list). */
rc depot_manifest_read(struct cx *cx, str dir, const char *directory, bool check, json_t **ret) MUST_USE;

/* The secrets of the house, but for passwords of the database's roles, into `path`, encrypted to `recipients` (separated by commas). */
rc depot_keys_write(struct cx *cx, str dir, str recipients, const char *path) MUST_USE;

#endif
