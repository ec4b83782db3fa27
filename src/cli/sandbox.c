/* sandbox.c - see sandbox.h. Powers are this table; everything else is refused.
 *
 *              paths it may read         paths it may write         network          threads, programs, other processes
 *   web        seal/                     own spool, files/upload    unix sockets     none
 *   auth       -                         own spool                  unix sockets     none
 *   jobs       files/, registers/        own spool, files/; may end  unix sockets     none
 *                                        keys of backups unread
 *   sealer     secret/log/               seal/, sealer/             unix sockets     none
 *   sso        secret/provider/, name    own spool                  unix, Internet   none
 *              service of /etc
 *   mailer     name service of /etc,     own spool                  unix, Internet   none
 *              authorities of TLS
 *   courier    name service of /etc      own spool                  unix, Internet   none
 */
#include "base/house.h"

#include "cli/sandbox.h"

#include "base/fail.h"
#include "cli/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum base { IN_DIR, IN_SHARE, SPOOL, IN_ETC };

struct way {
        enum base base;
        const char *path; /* NULL: end */
        bool write;
        bool end; /* only to write over and remove what is there */
};

/* what the resolver of the C library reads */
#define NAME_SERVICE                                                                                                                                 \
        { IN_ETC, "resolv.conf", false }, { IN_ETC, "hosts", false }, { IN_ETC, "nsswitch.conf", false }, { IN_ETC, "host.conf", false },            \
        {                                                                                                                                            \
                IN_ETC, "gai.conf", false                                                                                                            \
        }

static const struct power {
        const char *name;
        struct way ways[8];
        rlim_t files;     /* open at once */
        rlim_t memory_mb; /* address space */
        bool network;
} powers[SANDBOX_KINDS] = {
        [SANDBOX_WEB] = { "web", { { SPOOL, "", true }, { IN_DIR, "files", true }, { IN_DIR, "seal", false } }, 1024, 2048 },
        [SANDBOX_AUTH] = { "auth", { { SPOOL, "", true } }, 1024, 1024 },
        [SANDBOX_JOBS] = { "jobs",
                           { { SPOOL, "", true },
                             { IN_DIR, "files", true },
                             { IN_SHARE, "registers", false },
                             { IN_DIR, "secret/backup", false, true } },
                           256,
                           6144 },
        [SANDBOX_MAILER] = { "mailer", { { SPOOL, "", true }, { IN_ETC, "ssl", false }, NAME_SERVICE }, 256, 1024, .network = true },
        [SANDBOX_COURIER] = { "courier", { { SPOOL, "", true }, NAME_SERVICE }, 256, 1024, .network = true },
        [SANDBOX_SSO] = { "sso", { { SPOOL, "", true }, { IN_DIR, "secret/provider", false }, NAME_SERVICE }, 1024, 2048, .network = true },
        [SANDBOX_RENEW] = { "renew", { { SPOOL, "", true }, { IN_DIR, "secret/provider", false }, NAME_SERVICE }, 256, 1024, .network = true },
        [SANDBOX_SEALER] = { "sealer", { { IN_DIR, "seal", true }, { IN_DIR, "sealer", true }, { IN_DIR, "secret/log", false } }, 256, 2048 },
        [SANDBOX_WATCH] = { "watch", { { IN_DIR, "log/postgres", false }, { IN_DIR, "run/watch", true } }, 64, 512 },
        [SANDBOX_WITNESS] = { "witness", { { SPOOL, "", true }, { IN_DIR, "witness", true } }, 1024, 1024 },
};

/* Every system call a worker makes while it serves. socket() is limited to unix sockets below. */
/* clang-format off */
static const int calls[] = {
        /* what was opened */ SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64), SCMP_SYS(pwrite64),
        SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate),
        SCMP_SYS(fallocate), SCMP_SYS(fadvise64), SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(sendfile), SCMP_SYS(splice),
        /* files, where Landlock lets it */ SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(newfstatat), SCMP_SYS(stat), SCMP_SYS(lstat),
        SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat),
        SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir), SCMP_SYS(link),
        SCMP_SYS(linkat), SCMP_SYS(getdents64), SCMP_SYS(fchmod), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
        SCMP_SYS(copy_file_range), SCMP_SYS(fstatfs), SCMP_SYS(statfs), SCMP_SYS(flock), SCMP_SYS(utimensat), SCMP_SYS(umask),
        /* sockets */ SCMP_SYS(connect), SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(shutdown), SCMP_SYS(sendto), SCMP_SYS(recvfrom),
        SCMP_SYS(sendmsg), SCMP_SYS(recvmsg), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
        /* waiting */ SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
        SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(eventfd2), SCMP_SYS(pipe2), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep),
        SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(timerfd_create),
        SCMP_SYS(timerfd_settime), SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(restart_syscall),
        /* memory */ SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
        /* itself */ SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
        SCMP_SYS(getegid), SCMP_SYS(getrandom), SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(prlimit64),
        SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(sched_getaffinity),
        SCMP_SYS(rseq), SCMP_SYS(set_robust_list), SCMP_SYS(membarrier), SCMP_SYS(exit), SCMP_SYS(exit_group),
};
/* clang-format on */

const char *sandbox_kind_name(enum sandbox_kind kind)
{
        return powers[kind].name;
}

bool sandbox_kind_find(str name, enum sandbox_kind *ret)
{
        for (size_t i = 0; i < SANDBOX_KINDS; i++) {
                if (str_is(name, powers[i].name)) {
                        *ret = (enum sandbox_kind)i;
                        return true;
                }
        }
        return false;
}

/* Landlock by raw calls: Debian 12's headers know ABI 2, the kernel may know more. */
enum {
        LL_EXECUTE = 1 << 0,
        LL_WRITE_FILE = 1 << 1,
        LL_READ_FILE = 1 << 2,
        LL_READ_DIR = 1 << 3,
        LL_REMOVE_DIR = 1 << 4,
        LL_REMOVE_FILE = 1 << 5,
        LL_MAKE_DIR = 1 << 7,
        LL_MAKE_REG = 1 << 8,
        LL_REFER = 1 << 13,
        LL_TRUNCATE = 1 << 14,
        LL_FS_1 = (1 << 13) - 1,
        LL_FS_2 = LL_FS_1 | LL_REFER,
        LL_FS_3 = LL_FS_2 | LL_TRUNCATE,
        LL_FS_5 = LL_FS_3 | 1 << 15,
        LL_READ = LL_READ_FILE | LL_READ_DIR,
        LL_WRITE = LL_READ | LL_WRITE_FILE | LL_REMOVE_FILE | LL_REMOVE_DIR | LL_MAKE_DIR | LL_MAKE_REG | LL_REFER | LL_TRUNCATE,
        LL_END = LL_READ_DIR | LL_WRITE_FILE | LL_REMOVE_FILE,
        LL_NET_BIND = 1,
        LL_NET_TCP = 3, /* ABI 4: bind, connect */
        LL_SCOPE = 3,   /* ABI 6: abstract unix sockets, signals to outside */
};

struct landlock_attributes {
        uint64_t fs, net, scoped;
};

static void path_allow(struct cx *cx, int ruleset, const char *path, uint64_t access)
{
        struct landlock_path_beneath_attr rule = { .allowed_access = access };
        struct stat st;

        rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
        if (rule.parent_fd < 0)
                return; /* not there: nothing to allow */
        if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
                rule.allowed_access &= LL_READ_FILE | LL_WRITE_FILE | LL_TRUNCATE;
        (void)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
        (void)close(rule.parent_fd);
}

static rc paths_limit(struct cx *cx, const struct power *power, str dir, str share, str spool)
{
        long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* which version */);
        struct landlock_attributes all = {
                .fs = abi >= 5   ? LL_FS_5
                      : abi >= 3 ? LL_FS_3
                      : abi == 2 ? LL_FS_2
                                 : LL_FS_1,
                .net = abi < 4          ? 0
                       : power->network ? LL_NET_BIND
                                        : LL_NET_TCP,
                .scoped = abi >= 6 ? LL_SCOPE : 0,
        };
        size_t size = abi >= 6 ? sizeof(all) : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
        int ruleset;

        if (abi < 1)
                return RC_OK;
        ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
        if (ruleset < 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "the kernel refuses to limit paths: %s", strerror(errno));
        for (const struct way *way = power->ways; way->path != NULL; way++) {
                str base = way->base == IN_DIR ? dir : way->base == IN_SHARE ? share : way->base == IN_ETC ? S("/etc") : spool;

                path_allow(cx, ruleset, place_path(cx, base, "%s", way->path), (way->end ? LL_END : way->write ? LL_WRITE : LL_READ) & all.fs);
        }
        if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "the kernel refuses to limit paths: %s", strerror(errno));
        (void)close(ruleset);
        return RC_OK;
}

/* What no honest worker ever asks for: it ends at once, and the parent tells of it. Everything else that is not listed is refused with EPERM, because libraries
 * try things and go on without them. */
/* clang-format off */
static const int deadly[] = {
        SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
        SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(setuid), SCMP_SYS(setgid),
        SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(io_uring_setup), SCMP_SYS(init_module),
        SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load), SCMP_SYS(add_key), SCMP_SYS(keyctl), SCMP_SYS(userfaultfd),
};
/* clang-format on */

static rc calls_limit(struct cx *cx, bool network)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        int failed = filter == NULL;

        for (size_t i = 0; i < COUNT(calls) && !failed; i++)
                failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
        for (size_t i = 0; i < COUNT(deadly) && !failed; i++)
                failed = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
        failed = failed || seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX)) ||
                 seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX)) ||
                 (network && (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_INET)) ||
                              seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_INET6)) ||
                              seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendmmsg), 0))) || /* names are asked for by two datagrams at once */
                 /* abort(): a signal to itself only */
                 seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) ||
                 /* FIONREAD, FIONBIO */
                 seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, 0x541b)) ||
                 seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, 0x5421)) || seccomp_load(filter);
        seccomp_release(filter);
        if (failed)
                return fail(cx, RC_UNAVAILABLE, NULL, "the kernel refuses the filter of system calls");
        return RC_OK;
}

static void limit(int what, rlim_t most)
{
        struct rlimit r = { most, most }, now;

        if (getrlimit((__rlimit_resource_t)what, &now) == 0 && now.rlim_max < most)
                r.rlim_cur = r.rlim_max = now.rlim_max;
        (void)setrlimit((__rlimit_resource_t)what, &r);
}

#if defined(__SANITIZE_ADDRESS__)
enum { ADDRESS_SPACE_FREE = 1 }; /* AddressSanitizer maps terabytes of shadow */
#else
enum { ADDRESS_SPACE_FREE = 0 };
#endif

rc sandbox_enter(struct cx *cx, enum sandbox_kind kind, str dir, str share, str spool)
{
        const struct power *power = &powers[kind];

        (void)umask(0077);
        limit(RLIMIT_CORE, 0);
        limit(RLIMIT_NOFILE, power->files);
        if (!ADDRESS_SPACE_FREE)
                limit(RLIMIT_AS, power->memory_mb << 20);
        (void)prctl(PR_SET_DUMPABLE, 0);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "the kernel refuses the filter of system calls");
        TRY(paths_limit(cx, power, dir, share, spool));
        return calls_limit(cx, power->network);
}

/* Probes: each returns 0 when it was possible, else errno. */
static int try_open(const char *path, int flags)
{
        int fd = open(path, flags | O_CLOEXEC, 0600);

        if (fd >= 0)
                (void)close(fd);
        return fd >= 0 ? 0 : errno;
}

static int try_socket(int family)
{
        int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd >= 0)
                (void)close(fd);
        return fd >= 0 ? 0 : errno;
}

static int try_exec(void)
{
        char *const argv[] = { (char *)(uintptr_t) "/bin/true", NULL };

        (void)execv(argv[0], argv);
        return errno;
}

/* Is it what this kind is for? A path of its line, or the network. */
static bool needs(enum sandbox_kind kind, const char *path, bool network)
{
        if (path == NULL)
                return network && powers[kind].network;
        for (const struct way *w = powers[kind].ways; w->path != NULL; w++)
                if (w->base == IN_DIR && strcmp(w->path, path) == 0)
                        return true;
        return false;
}

static int try_directory(struct cx *cx, str dir, const char *path)
{
        return try_open(place_path(cx, dir, "%s", path), O_RDONLY | O_DIRECTORY);
}

/* A key of a backup: some may be overwritten, none is read. No key yet: nothing to read. */
static int try_key(struct cx *cx, str dir)
{
        int error = try_open(place_path(cx, dir, "secret/backup/_manifest.key"), O_RDONLY);

        return error == ENOENT ? EACCES : error;
}

bool sandbox_dare(str name)
{
        if (str_is(name, "execve"))
                (void)try_exec();
        else if (str_is(name, "fork"))
                (void)syscall(SYS_fork);
        else if (str_is(name, "ptrace"))
                (void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
        else if (str_is(name, "unshare"))
                (void)unshare(CLONE_NEWUSER);
        else if (str_is(name, "mount"))
                (void)mount("none", "/tmp", "tmpfs", 0, NULL);
        else if (str_is(name, "setuid"))
                return setuid(0) == 0;
        else if (str_is(name, "bpf"))
                (void)syscall(SYS_bpf, 0, NULL, 0);
        else if (str_is(name, "io_uring"))
                (void)syscall(SYS_io_uring_setup, 1, NULL);
        return false;
}

bool sandbox_probe(struct cx *cx, enum sandbox_kind kind, str dir)
{
        const struct {
                const char *name;
                int error;
                const char *path; /* of the house: what those need whose line names it */
                bool network;     /* what the processes that may reach the network need */
        } tried[] = {
                { "open-shadow", try_open("/etc/shadow", O_RDONLY) },
                { "open-passwd", try_open("/etc/passwd", O_RDONLY) },
                { "open-owner-secret", try_open(place_path(cx, dir, "secret/daicho_owner"), O_RDONLY) },
                { "open-factor-key", try_open(place_path(cx, dir, PLACE_FACTOR_KEY), O_RDONLY) },
                { "open-server-key", try_open(place_path(cx, dir, "secret/server.key"), O_RDONLY) },
                { "open-config-write", try_open(place_path(cx, dir, "daicho.conf"), O_WRONLY) },
                { "open-data", try_open(place_path(cx, dir, "pg/PG_VERSION"), O_RDONLY) },
                { "create-tmp", try_open("/tmp/daicho-probe", O_WRONLY | O_CREAT) },
                { "open-proc-mem", try_open("/proc/self/mem", O_RDWR) },
                { "open-provider-secrets", try_directory(cx, dir, "secret/provider"), .path = "secret/provider" },
                { "open-log-keys", try_directory(cx, dir, "secret/log"), .path = "secret/log" },
                { "read-backup-key", try_key(cx, dir) },
                { "open-sealer-memory", try_directory(cx, dir, "sealer"), .path = "sealer" },
                { "socket-inet", try_socket(AF_INET), .network = true },
                { "socket-inet6", try_socket(AF_INET6), .network = true },
                { "socket-netlink", try_socket(AF_NETLINK) },
                { "socket-packet", try_socket(AF_PACKET) },
                { "open-program-write", try_open("/proc/self/exe", O_WRONLY) },
                { "kill-parent", kill(getppid(), 0) == 0 ? 0 : errno },
                { "clone", syscall(SYS_clone, 0, NULL, NULL, NULL, 0) >= 0 ? 0 : errno },
        };
        bool all = true;

        for (size_t i = 0; i < COUNT(tried); i++) {
                bool refused = tried[i].error == EPERM || tried[i].error == EACCES || tried[i].error == ETXTBSY;

                if (needs(kind, tried[i].path, tried[i].network)) {
                        (void)printf("%s %s\n", tried[i].name, refused ? "MISSING" : "allowed");
                        all = all && !refused;
                        continue;
                }
                (void)printf("%s %s %s\n", tried[i].name, refused ? "refused" : "POSSIBLE", strerrorname_np(tried[i].error));
                all = all && refused;
        }
        (void)printf("socket-unix %s\n", try_socket(AF_UNIX) == 0 ? "allowed" : "MISSING");
        return all;
}
