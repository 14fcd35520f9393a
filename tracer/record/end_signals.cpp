// SPDX-License-Identifier: BSD-2-Clause
#include "record/end_signals.hpp"

#include <cerrno>
#include <sys/signalfd.h>
#include <unistd.h>

namespace rcuscope {

Result<EndSignals> EndSignals::take() {
    EndSignals signals;
    ::sigemptyset(&signals.set_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        ::sigaddset(&signals.set_, signal);
    ::sigprocmask(SIG_BLOCK, &signals.set_, &signals.before_);
    signals.fd_ = Fd(::signalfd(-1, &signals.set_, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals.fd_)
        return fail(ExitCode::cannot_here, "cannot wait for signals", errno_text(errno));
    return signals;
}

EndSignals::~EndSignals() {
    if (fd_)
        ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

bool EndSignals::came() const {
    signalfd_siginfo info{};
    return ::read(fd_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info));
}

} // namespace rcuscope
