// SPDX-License-Identifier: BSD-2-Clause
#include "capture/reader.hpp"

#include "capture/merge.hpp"
#include "capture/scan.hpp"

namespace rcuscope {

struct CaptureReader::Impl {
    InputFile file;
    CaptureIndex index;
    CaptureExtent extent; // after the last for_each_event()
};

CaptureReader::CaptureReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CaptureReader::CaptureReader(CaptureReader&&) noexcept = default;
CaptureReader& CaptureReader::operator=(CaptureReader&&) noexcept = default;
CaptureReader::~CaptureReader() = default;

Result<CaptureReader> CaptureReader::open(const std::string& path) {
    return open(InputFile::open(path));
}

Result<CaptureReader> CaptureReader::open(Result<InputFile> file) {
    if (!file)
        return tl::unexpected<Error>(file.error());
    auto index = scan_capture(*file);
    if (!index)
        return tl::unexpected<Error>(index.error());
    CaptureExtent extent = index->extent;
    return CaptureReader(std::make_unique<Impl>(Impl{std::move(*file), std::move(*index), std::move(extent)}));
}

const Metadata& CaptureReader::metadata() const {
    return impl_->index.metadata;
}

const std::vector<SymbolInfo>& CaptureReader::symbols() const {
    return impl_->index.symbols;
}

const std::optional<Trailer>& CaptureReader::trailer() const {
    return impl_->index.trailer;
}

const CaptureExtent& CaptureReader::extent() const {
    return impl_->extent;
}

Status CaptureReader::for_each_event(const std::function<void(const Event&)>& take) {
    const auto& index = impl_->index;
    impl_->extent.skipped_records = index.extent.skipped_records;
    return merge_events(impl_->file, index.events, impl_->extent.skipped_records, take);
}

} // namespace rcuscope
