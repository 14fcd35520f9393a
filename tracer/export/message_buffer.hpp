// SPDX-License-Identifier: BSD-2-Clause
//
// What protozero writes a message into. It adds numbers byte by byte: to a std::string each is a call, and the larger
// half of what a trace costs.
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

    void clear() { size_ = 0; } // its memory is used again
    void resize(std::size_t size) {
        reserve(size);
        size_ = size;
    }
    void reserve(std::size_t size) {
        if (size > capacity_) {
            grow(size);
        }
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
    // Room for so many bytes at the end, to be written there; then wrote() says how many they were.
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
        if (size_ != 0) {
            std::memcpy(grown.get(), bytes_.get(), size_);
        }
        bytes_ = std::move(grown);
    }

    std::unique_ptr<char[]> bytes_ = std::make_unique<char[]>(256);
    std::size_t capacity_ = 256;
    std::size_t size_ = 0;
};

using MessageWriter = protozero::basic_pbf_writer<MessageBuffer>;

// A message of a few numbers and perhaps a text, at the end, of which a trace has most: as a MessageWriter within
// another would write it, for a fifth of what that takes.
class SmallMessage {
public:
    // Field numbers below 16, numbers in all up to what fits.
    void add_number(std::uint32_t field, std::uint64_t number) {
        bytes_[size_++] = static_cast<char>(field << 3);
        put_varint(number);
    }
    void add_text(std::uint32_t field, std::string_view text) { // which is referred to until end()
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
