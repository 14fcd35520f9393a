// SPDX-License-Identifier: BSD-2-Clause
//
// A buffer for protozero messages. protozero appends numbers byte by byte; with a std::string each byte is a function
// call, which took more than half of the time to write a trace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <protozero/basic_pbf_writer.hpp>
#include <protozero/buffer_tmpl.hpp>
#include <string_view>

namespace rcuscope {

class MessageBuffer {
public:
    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    char* data() { return bytes_.get(); }
    std::string_view view() const { return {bytes_.get(), size_}; }

    void clear() { size_ = 0; } // keeps the memory
    void resize(std::size_t size) {
        reserve(size);
        size_ = size;
    }
    void reserve(std::size_t size) {
        if (size > capacity_)
            grow(size);
    }
    void push_back(char byte) {
        reserve(size_ + 1);
        bytes_[size_++] = byte;
    }
    void append(std::string_view bytes) {
        reserve(size_ + bytes.size());
        std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
        size_ += bytes.size();
    }
    void append_zeros(std::size_t count) {
        reserve(size_ + count);
        std::memset(bytes_.get() + size_, 0, count);
        size_ += count;
    }
    // Returns space for `bytes` bytes at the end. The caller writes there, then calls wrote() with the number of bytes.
    char* room(std::size_t bytes) {
        reserve(size_ + bytes);
        return bytes_.get() + size_;
    }
    void wrote(std::size_t bytes) { size_ += bytes; }
    void erase(std::size_t from, std::size_t to) {
        std::memmove(bytes_.get() + from, bytes_.get() + to, size_ - to);
        size_ -= to - from;
    }

private:
    void grow(std::size_t size) {
        capacity_ = 2 * size + 256;
        auto grown = std::make_unique<char[]>(capacity_);
        if (size_ != 0)
            std::memcpy(grown.get(), bytes_.get(), size_);
        bytes_ = std::move(grown);
    }

    std::unique_ptr<char[]> bytes_ = std::make_unique<char[]>(256);
    std::size_t capacity_ = 256;
    std::size_t size_ = 0;
};

using MessageWriter = protozero::basic_pbf_writer<MessageBuffer>;

// A message with a few numbers and at most one text at its end. Most messages of a trace are of this form. It writes
// the same bytes as a nested MessageWriter in a fifth of the time.
class SmallMessage {
public:
    // Field numbers must be below 16. All numbers together must fit into bytes_.
    void add_number(std::uint32_t field, std::uint64_t number) {
        bytes_[size_++] = static_cast<char>(field << 3);
        put_varint(number);
    }
    void add_text(std::uint32_t field, std::string_view text) { // must live until end()
        bytes_[size_++] = static_cast<char>(field << 3 | 2);
        put_varint(text.size());
        text_ = text;
    }
    void end(MessageBuffer& to, std::uint32_t field) const {
        SmallMessage header;
        header.bytes_[header.size_++] = static_cast<char>(field << 3 | 2);
        header.put_varint(size_ + text_.size());
        char* at = to.room(header.size_ + size_ + text_.size());
        at = copy(at, {header.bytes_, header.size_});
        at = copy(at, {bytes_, size_});
        copy(at, text_);
        to.wrote(header.size_ + size_ + text_.size());
    }

private:
    static char* copy(char* to, std::string_view bytes) { return to + bytes.copy(to, bytes.size()); }
    void put_varint(std::uint64_t number) {
        for (; number >= 0x80; number >>= 7)
            bytes_[size_++] = static_cast<char>(number | 0x80);
        bytes_[size_++] = static_cast<char>(number);
    }

    char bytes_[40];
    std::size_t size_ = 0;
    std::string_view text_;
};

} // namespace rcuscope

template <>
struct protozero::buffer_customization<rcuscope::MessageBuffer> {
    using Buffer = rcuscope::MessageBuffer;

    static std::size_t size(const Buffer* buffer) noexcept { return buffer->size(); }
    static void append(Buffer* buffer, const char* data, std::size_t count) { buffer->append({data, count}); }
    static void append_zeros(Buffer* buffer, std::size_t count) { buffer->append_zeros(count); }
    static void resize(Buffer* buffer, std::size_t size) { buffer->resize(size); }
    static void reserve_additional(Buffer* buffer, std::size_t size) { buffer->reserve(buffer->size() + size); }
    static void erase_range(Buffer* buffer, std::size_t from, std::size_t to) { buffer->erase(from, to); }
    static char* at_pos(Buffer* buffer, std::size_t pos) { return buffer->data() + pos; }
    static void push_back(Buffer* buffer, char byte) { buffer->push_back(byte); }
};
