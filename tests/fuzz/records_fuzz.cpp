// SPDX-License-Identifier: BSD-2-Clause
//
// Builds recordings from an input step by step. They have well-formed records of every kind, close to each other in
// time, address and name, which random bytes rarely produce. One step repeats earlier records thousands of times, so
// that a small input reveals operations that take excessive time or memory.
#include <array>
#include <nlohmann/json.hpp>

#include "capture/metadata.hpp"
#include "capture/payload.hpp"
#include "capture/symbols.hpp"
#include "chunks.hpp"
#include "look.hpp"
#include "wire.h"

namespace rcuscope::fuzz {

namespace {

constexpr std::uint64_t start_ns = 50'000'000'000;
constexpr std::uint64_t module_text = 0xffffffffc0000000;
constexpr std::uint64_t kernel_text = 0xffffffff81000000;
constexpr std::uint32_t cpus = 4;
constexpr std::size_t max_records = 20'000;

// Layout after a record's header: q 64 bits, d 32 bits, n name of a module, s name of a section, c name of a task, f
// the frames of a stack.
struct Shape {
    rs_kind kind;
    std::size_t size;
    const char* slots;
};
constexpr std::array<Shape, 33> shapes{{{RS_LOST, sizeof(rs_lost), "qqq"},
                                        {RS_TASK, sizeof(rs_task), "ddc"},
                                        {RS_STACK, sizeof(rs_stack), "ddf"},
                                        {RS_GP_START, sizeof(rs_gp_start), "qq"},
                                        {RS_GP_END, sizeof(rs_gp), "q"},
                                        {RS_GP_CLEANED, sizeof(rs_gp), "q"},
                                        {RS_GP_REQUESTED, sizeof(rs_gp), "q"},
                                        {RS_GP_QUIESCENT, sizeof(rs_gp_quiescent), "qqqdd"},
                                        {RS_GP_SCAN, sizeof(rs_gp_scan), "qq"},
                                        {RS_GP_BLOCKED, sizeof(rs_gp_blocked), "qddc"},
                                        {RS_GP_SAMPLE, sizeof(rs_gp_sample), "qddf"},
                                        {RS_CB_QUEUED, sizeof(rs_cb_queued), "qqq"},
                                        {RS_CB_ASSIGNED, sizeof(rs_cb_assigned), "qddq"},
                                        {RS_CB_ASSIGNED_EITHER, sizeof(rs_cb_assigned_either), "qqqddq"},
                                        {RS_CB_INVOKED, sizeof(rs_cb), "qq"},
                                        {RS_CB_DONE, sizeof(rs_cb), "qq"},
                                        {RS_BATCH_BEGIN, sizeof(rs_batch), "dd"},
                                        {RS_BATCH_END, sizeof(rs_batch), "dd"},
                                        {RS_KVFREE, sizeof(rs_kvfree), "qq"},
                                        {RS_WAIT_BEGIN, sizeof(rs_wait), "q"},
                                        {RS_WAIT_END, sizeof(rs_wait), "q"},
                                        {RS_SITE, sizeof(rs_site), "q"},
                                        {RS_MODULE, sizeof(rs_module), "qddn"},
                                        {RS_MODULE_SECTION, sizeof(rs_module_section), "qns"},
                                        {RS_MODULE_PENDING, sizeof(rs_module_pending), "qn"},
                                        {RS_MODULE_REF, sizeof(rs_module_ref), "qddn"},
                                        {RS_MODULE_WOKEN, sizeof(rs_module_woken), "qn"},
                                        {RS_CACHE_LEFT, sizeof(rs_cache_left), "qqqs"},
                                        {RS_CACHE_SLAB, sizeof(rs_cache_slab), "qqddddqqqqqqqq"},
                                        {RS_CACHE_PENDING, sizeof(rs_cache_pending), "qqqqqqqqqqqqqqqqqqqs"},
                                        {RS_SWITCH_OUT, sizeof(rs_switch), "dd"},
                                        {RS_SWITCH_IN, sizeof(rs_switch), "dd"},
                                        {RS_TASK_LEFT, sizeof(rs_switch), "dd"}}};

template <std::size_t N>
std::string_view one_of(const std::array<std::string_view, N>& texts, std::uint8_t choice) {
    return texts[choice % N];
}

constexpr std::array<std::string_view, 8> modules{"rcu_demo",
                                                  "other",
                                                  "",
                                                  "third",
                                                  "\x1b[31mred",
                                                  "\xff\xfe",
                                                  "a-name-that-does-not-end-within-its-56-bytes-as-it-should-do",
                                                  "bpf"};
constexpr std::array<std::string_view, 6> sections{".text",      ".init.text", ".exit.text",
                                                   ".text.cold", "",           "a-section-that-does-not-end-soon"};
constexpr std::array<std::string_view, 10> tasks{"insmod",
                                                 "ksoftirqd/0",
                                                 "rcuc/1",
                                                 "rcuop/0",
                                                 "rcu_preempt",
                                                 "",
                                                 "\x1b]0;title",
                                                 "\xe2\x80\xae"
                                                 "dne",
                                                 "rcuog/0",
                                                 "without-an-end-16"};

// Properties of the recording, chosen by two bytes.
struct Request {
    std::uint8_t flags = 0;
    std::uint8_t trailer = 0;

    bool has(unsigned bit) const { return (flags >> bit & 1) != 0; }
};

Metadata metadata_of(const Request& request) {
    Metadata metadata;
    metadata.tool_version = "fuzz";
    metadata.host = {.kernel = "6.1.0", .machine = "x86_64", .cpus = cpus, .hz = 250};
    metadata.host.preempt_rcu = request.has(0);
    metadata.host.rcu_trace = request.has(1);
    metadata.clocks = {.boottime_ns = start_ns, .monotonic_ns = start_ns, .realtime_ns = 1'700'000'000'000'000'000};
    metadata.start_ns = start_ns;
    metadata.all_callbacks = request.has(2);
    if (request.has(3))
        metadata.sequences = RcuSequences{.gp_seq = static_cast<std::uint64_t>(-1200), .expedited_seq = 8};
    if (request.has(4))
        metadata.followed = {"rcu_demo"};
    if (request.has(5))
        metadata.missing = {{.hook = "callback.invoked", .why = "there is none"},
                            {.hook = "module.readers", .why = "there is none"}};
    metadata.probes = {{.hook = "gp.start", .via = "fentry", .symbol = "rcu_gp_init"},
                       {.hook = "callback.invoked", .via = "kprobe", .symbol = "rcu_cblist_dequeue"}};
    ModuleInfo module{.name = "rcu_demo",
                      .file = "rcu_demo.ko",
                      .build_id = "00",
                      .init_function = "init",
                      .exit_function = "demo_exit",
                      .functions = {}};
    constexpr std::array<std::string_view, 5> names{"read", "callback", "asm_function", "demo_exit", "walk"};
    for (std::size_t i = 0; i < names.size(); i++)
        module.functions.push_back({.name = std::string(names[i]),
                                    .section = i == 3 ? ".exit.text" : ".text",
                                    .offset = i == 3 ? 0 : i * 64,
                                    .size = i == 2 ? 0U : 64U});
    module.functions.push_back({.name = "init", .section = ".init.text", .offset = 0, .size = 256});
    metadata.modules.push_back(std::move(module));
    const auto site = [&](SiteKind kind, const char* function, std::uint64_t offset) {
        metadata.sites.push_back({.kind = kind, .module = "rcu_demo", .function = function, .offset = offset});
    };
    site(SiteKind::read_lock, "read", 16);
    site(SiteKind::read_unlock, "read", 32);
    site(SiteKind::function_entry, "callback", 0);
    site(SiteKind::function_return, "callback", 0);
    site(SiteKind::function_entry, "demo_exit", 0);
    site(SiteKind::function_return, "demo_exit", 0);
    site(SiteKind::reader_entry, "walk", 0);
    site(SiteKind::reader_return, "walk", 0);
    return metadata;
}

std::vector<SymbolInfo> kernel_symbols() {
    constexpr std::array<std::string_view, 6> names{
        "kthread", "asm_sysvec_apic_timer_interrupt", "free_module", "do_idle", "schedule", "\x1b[2Jclear"};
    std::vector<SymbolInfo> symbols;
    for (std::size_t i = 0; i < names.size(); i++)
        symbols.push_back({.address = kernel_text + i * 16, .name = std::string(names[i]), .offset = 0, .module = ""});
    symbols.push_back({.address = kernel_text + 256, .name = "bpf_trampoline_1", .offset = 0, .module = "bpf"});
    return symbols;
}

class Maker {
public:
    explicit Maker(std::span<const std::byte> input) : in_(input) {}

    Bytes make() {
        request_ = {.flags = in_.byte(), .trailer = in_.byte()};
        const FileHeader header = file_header();
        const auto beginning = std::as_bytes(std::span(&header, 1));
        capture_.beginning.assign(beginning.begin(), beginning.end());
        add_json(ChunkType::metadata, to_json(metadata_of(request_)));
        add_json(ChunkType::symbols, symbols_to_json(kernel_symbols()));
        while (!in_.at_end() && made_ < max_records)
            step();
        for (cpu_ = 0; cpu_ < cpus; cpu_++)
            flush();
        if (request_.has(6))
            add_json(ChunkType::trailer, to_json(trailer()));
        return put_together(capture_);
    }

private:
    void step() {
        const std::uint8_t what = in_.byte();
        if (what < 8 * shapes.size())
            well_formed(shapes[what % shapes.size()]);
        else if (what < 224)
            cpu_ = what % cpus;
        else if (what < 232)
            tid_ = what == 224 ? 0 : 100U + what;
        else if (what < 236)
            flush();
        else if (what < 240)
            now_ = number();
        else if (what < 254)
            repeat();
        else
            any();
    }

    // Returns numbers that are related to each other.
    std::uint64_t number() {
        const std::uint64_t choice = in_.byte();
        if (choice < 64)
            return choice;
        if (choice < 128) // gp_seq around the point where it wraps
            return static_cast<std::uint64_t>(-32) + (choice - 64);
        if (choice < 144)
            return module_text + (choice - 128) * 16;
        if (choice < 160)
            return kernel_text + (choice - 144) * 16;
        if (choice < 192) // address of an rcu_head
            return 0xffff888000000000 + (choice - 160) * 64;
        if (choice < 216)
            return now_ - (choice - 192) * 1000;
        if (choice < 240)
            return now_ + (choice - 216) * 1'000'000;
        constexpr std::array<std::uint64_t, 16> odd{0,
                                                    1,
                                                    0xffffffffffffffff,
                                                    0x8000000000000000,
                                                    0x7fffffffffffffff,
                                                    start_ns,
                                                    start_ns - 1,
                                                    start_ns + 0x7fffffffffffffff,
                                                    start_ns + 0x8000000000000000,
                                                    0xffffffff,
                                                    1'000'000'000,
                                                    0x5555555555555555,
                                                    module_text + 4,
                                                    module_text + 64 + 4,
                                                    module_text + 256 + 4,
                                                    kernel_text + 256};
        return odd[choice - 240];
    }

    void well_formed(const Shape& shape) {
        const std::uint64_t passed = in_.byte();
        const unsigned aux = in_.byte();
        now_ += passed * passed * 64;
        const rs_header header{now_, tid_, static_cast<rs_u16>(shape.kind),
                               static_cast<rs_u16>((aux & 0x7fU) | (aux & 0x80U) << 1U)};
        Bytes record;
        append(record, header);
        for (const char* slot = shape.slots; *slot != '\0'; slot++)
            fill(record, *slot);
        require(record.size() == shape.size, "a record of the table has its size");
        add(std::move(record));
    }

    void fill(Bytes& record, char slot) {
        switch (slot) {
        case 'q':
            append(record, number());
            break;
        case 'd':
            append(record, static_cast<std::uint32_t>(number()));
            break;
        case 'n':
            append_text<RS_MODULE_LEN>(record, one_of(modules, in_.byte()));
            break;
        case 's':
            append_text<RS_SECTION_LEN>(record, one_of(sections, in_.byte()));
            break;
        case 'c':
            append_text<RS_COMM_LEN>(record, one_of(tasks, in_.byte()));
            break;
        default:
            for (int frame = 0; frame < RS_STACK_FRAMES; frame++)
                append(record, frame < 6 ? number() : kernel_text);
            break;
        }
    }

    void any() {
        const std::size_t size = in_.byte();
        const auto bytes = in_.take(size);
        add(Bytes(bytes.begin(), bytes.end()));
    }

    // Repeats the last records, each time later; optionally with other numbers.
    void repeat() {
        const std::uint8_t how = in_.byte();
        const std::size_t pattern = std::min<std::size_t>(1 + (how & 7U), recent_.size());
        const std::vector<Bytes> records(recent_.end() - static_cast<std::ptrdiff_t>(pattern), recent_.end());
        const std::size_t times = std::size_t{1} << (in_.byte() % 15U);
        for (std::size_t time = 0; time < times && made_ < max_records; time++)
            for (Bytes record : records) {
                now_ += 1000;
                if (record.size() >= sizeof now_)
                    std::memcpy(record.data(), &now_, sizeof now_);
                if ((how & 8U) != 0 && record.size() >= sizeof(rs_header) + sizeof(std::uint64_t))
                    step_number(record, sizeof(rs_header));
                add(std::move(record), false);
            }
    }

    void step_number(Bytes& record, std::size_t at) {
        std::uint64_t value = 0;
        std::memcpy(&value, record.data() + at, sizeof value);
        value += made_ * 64;
        std::memcpy(record.data() + at, &value, sizeof value);
    }

    void add(Bytes record, bool remember = true) {
        constexpr std::size_t enough = 60'000;
        Bytes& payload = payloads_.at(cpu_);
        append(payload, static_cast<RecordSize>(record.size()));
        payload.insert(payload.end(), record.begin(), record.end());
        if (payload.size() > enough)
            flush();
        made_++;
        if (remember)
            recent_.push_back(std::move(record));
    }

    void flush() {
        Bytes& payload = payloads_.at(cpu_);
        if (!payload.empty())
            capture_.chunks.push_back(chunk_of(ChunkType::events, payload, cpu_));
        payload.clear();
    }

    Trailer trailer() {
        Trailer trailer;
        trailer.end_ns = number();
        trailer.reason = "command ended";
        trailer.hits = {{.hook = "callback.invoked", .via = "kprobe", .hits = 1000, .missed = request_.trailer & 1U}};
        if ((request_.trailer & 2U) != 0)
            trailer.lost = {{.cpu = 1, .total = number(), .from_ns = number(), .to_ns = number()}};
        if ((request_.trailer & 4U) != 0)
            trailer.sequences = RcuSequences{.gp_seq = number(), .expedited_seq = number()};
        if (request_.has(7)) {
            trailer.own_share = OwnShare{.attach_ns = number(), .attach_grace_periods = number()};
            trailer.stats =
                RunStats{.programs = {{.program = "p", .place = "fentry/f", .runs = number(), .ns = number()}},
                         .recorder_cpu_ns = number()};
        }
        const unsigned fired = request_.trailer >> 3U & 7U;
        if (fired < 5)
            trailer.fired = FiredTrigger{.trigger = fired == 0 ? "pending>1" : "gp>1ms",
                                         .text = "it fired",
                                         .on = static_cast<FiredOn>(fired),
                                         .id = number(),
                                         .began_ns = number(),
                                         .fired_ns = number()};
        return trailer;
    }

    void add_json(ChunkType type, const nlohmann::json& json) {
        const std::string text = dump_json(json);
        capture_.chunks.push_back(chunk_of(type, std::as_bytes(std::span(text))));
    }

    template <typename T>
    static void append(Bytes& to, const T& value) {
        const auto bytes = std::as_bytes(std::span(&value, 1));
        to.insert(to.end(), bytes.begin(), bytes.end());
    }

    // Too long a text has no terminating NUL, which no valid record has.
    template <std::size_t N>
    static void append_text(Bytes& to, std::string_view text) {
        std::array<char, N> field{};
        std::copy_n(text.begin(), std::min(text.size(), N), field.begin());
        append(to, field);
    }

    Cursor in_;
    Request request_;
    RawCapture capture_;
    std::array<Bytes, cpus> payloads_;
    std::vector<Bytes> recent_;
    std::uint64_t now_ = start_ns;
    std::uint32_t cpu_ = 0;
    std::uint32_t tid_ = 100;
    std::size_t made_ = 0;
};

} // namespace

} // namespace rcuscope::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rcuscope::fuzz;
    look_at_capture(Maker(bytes_of(data, size)).make());
    return 0;
}
