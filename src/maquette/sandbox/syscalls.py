"""Which calls of the kernel a program may make: those that Python needs, and no others.

What is not named here does not exist for the program (ENOSYS), so that a C library that knows newer
calls takes its older way. Calls of another architecture, 32-bit ones on x86-64 among them, end it.
"""

import errno
import os
from typing import Any

from maquette.core.errors import SandboxUnavailable, first_line

FILES = """
    access chdir chmod close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2
    fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fcntl fdatasync fgetxattr flistxattr flock
    fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr lgetxattr link
    linkat listxattr llistxattr lseek lstat mkdir mkdirat newfstatat open openat pread64 preadv
    preadv2 pwrite64 pwritev pwritev2 read readlink readlinkat readv rename renameat renameat2 rmdir
    sendfile stat statfs statx symlink symlinkat truncate umask unlink unlinkat utime utimensat
    utimes write writev
"""
WAITING = """
    alarm clock_getres clock_gettime clock_nanosleep epoll_create epoll_create1 epoll_ctl
    epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 getitimer gettimeofday nanosleep pause pipe
    pipe2 poll ppoll pselect6 select setitimer signalfd4 time timer_create timer_delete
    timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime
"""
MEMORY = "brk madvise membarrier mincore mprotect mremap msync munmap"
PROCESSES = """
    arch_prctl execve exit exit_group fork futex futex_waitv get_robust_list getcpu getegid geteuid
    getgid getgroups getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid
    getrlimit getrusage getsid gettid getuid kill pidfd_open pidfd_send_signal prlimit64
    restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
    rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min
    sched_getaffinity sched_getparam sched_getscheduler sched_setaffinity sched_yield
    set_robust_list set_tid_address setpgid setpriority setrlimit setsid sigaltstack sysinfo tgkill
    times tkill uname vfork wait4 waitid
"""
# Of sockets that are not there but within the sandbox; which those are is below.
SOCKETS = """
    accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg
    sendmmsg sendmsg sendto setsockopt shutdown
"""
AF_UNIX = 1
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of linux/sched.h.
NEW_NAMESPACES = 0x7E020000
MAP_SHARED, MAP_ANONYMOUS = 0x01, 0x20
# Is it a terminal, how large, what waits, block or not, hand on or not: TCGETS, TCGETS2,
# TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX. None sets or types anything.
IOCTLS = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5451, 0x5450)
# PR_SET_PDEATHSIG, GET_PDEATHSIG, GET_DUMPABLE, SET_NAME, GET_NAME, GET_NO_NEW_PRIVS; and
# PR_SET_VMA, by which glibc names its memory.
PRCTLS = (1, 2, 3, 15, 16, 39, 0x53564D41)
LOW_WORD = 0xFFFFFFFF


def syscall_filter() -> bytes:
    """The filter as a seccomp BPF program, for the architecture that this runs on.

    Raises SandboxUnavailable where libseccomp is missing or cannot make it.
    """
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError) as error:
        raise SandboxUnavailable(
            f"libseccomp is missing ({first_line(error)}); run: apt install libseccomp2"
        ) from None
    made = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    made.set_attr(seccomp.Attr.ACT_BADARCH, seccomp.KILL_PROCESS)
    for name in " ".join((FILES, WAITING, MEMORY, PROCESSES, SOCKETS)).split():
        _allow(made, name)
    _allow(made, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, NEW_NAMESPACES, 0))
    # Memory that is shared and in no file is no one's when it is counted.
    both = MAP_SHARED | MAP_ANONYMOUS
    for flags in (0, MAP_SHARED, MAP_ANONYMOUS):
        _allow(made, "mmap", seccomp.Arg(3, seccomp.MASKED_EQ, both, flags))
    for name in ("socket", "socketpair"):
        _allow(made, name, seccomp.Arg(0, seccomp.MASKED_EQ, LOW_WORD, AF_UNIX))
    for name, argument, values in (("ioctl", 1, IOCTLS), ("prctl", 0, PRCTLS)):
        for value in values:
            _allow(made, name, seccomp.Arg(argument, seccomp.MASKED_EQ, LOW_WORD, value))
    with open(os.memfd_create("seccomp"), "w+b") as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()


def _allow(made: Any, name: str, *when: object) -> None:
    """Some calls exist on other architectures, or for a newer libseccomp, alone."""
    import pyseccomp as seccomp

    try:
        number = seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)
    except OSError:
        return
    if number >= 0:
        made.add_rule(seccomp.ALLOW, number, *when)
