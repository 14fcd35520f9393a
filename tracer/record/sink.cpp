// SPDX-License-Identifier: BSD-2-Clause
#include "record/sink.hpp"

#include <unistd.h>

namespace rcuscope {

void FileSink::discard() {
    ::unlink(writer_.path().c_str());
}

} // namespace rcuscope
