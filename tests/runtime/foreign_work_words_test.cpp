// What foreign workers say and hear, as values.

#include <holdfast/core/error.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/persistence/dynamic_signature.hpp>
#include <holdfast/persistence/value_bytes.hpp>
#include <holdfast/runtime/foreign_work_words.hpp>

#include <gtest/gtest.h>

#include <string>

namespace holdfast {
namespace {

foreign_call said(std::string method, array params) {
  return {std::move(method), std::move(params), {}, foreign_body::json};
}

assigned_item order(payload_kind kind, std::uint64_t fingerprint, std::string payload) {
  assigned_item made;
  made.item = "a";
  made.epoch = 2;
  made.method = "pages.render";
  made.payload_is = kind;
  made.fingerprint = fingerprint;
  made.payload = std::move(payload);
  return made;
}

template <class Read>
errc refusal(Read read) {
  try {
    read();
  } catch (const error& problem) {
    return problem.code();
  }
  return errc::none;
}

TEST(foreign_work_words, AnOfferIsReadAndSorted) {
  auto offer = read_offer(said("holdfast.work", {dict{{"slots", 4},
                                                      {"labels", array{"gpu", "big"}},
                                                      {"methods", array{"b.b", "a.a", "b.b"}},
                                                      {"held", array{array{"item", 3}}}}}));
  EXPECT_EQ(offer.slots, 4u);
  EXPECT_EQ(offer.labels, (std::vector<std::string>{"big", "gpu"}));
  EXPECT_EQ(offer.methods, (std::vector<std::string>{"a.a", "b.b"}));
  EXPECT_EQ(offer.held, (std::vector<run_key>{{"item", 3}}));
  EXPECT_EQ(read_offer(said("holdfast.work", {dict{}})).slots, 1u);
}

TEST(foreign_work_words, AnOfferOfAnotherShapeIsRefused) {
  for (auto& bad : {dict{{"slots", 0}}, dict{{"slots", 1025}}, dict{{"slots", "1"}},
                    dict{{"labels", "gpu"}}, dict{{"methods", array{1}}},
                    dict{{"held", array{array{"a"}}}}, dict{{"held", array{array{"a", 0}}}}})
    EXPECT_EQ(refusal([&] { read_offer(said("holdfast.work", {bad})); }), errc::bad_frame)
        << to_text(bad);
  EXPECT_EQ(refusal([] { read_offer(said("holdfast.work", {})); }), errc::bad_frame);
  EXPECT_EQ(refusal([] {
              read_offer(said("holdfast.work", {dict{{"labels", array{"a b"}}}}));
            }),
            errc::bad_name);
}

TEST(foreign_work_words, AnEndIsOneOfFive) {
  auto end = read_end(said("holdfast.ended", {"a", 2, "failed", "why"}));
  EXPECT_EQ(end.run, (run_key{"a", 2}));
  EXPECT_EQ(ending_of({}, end).how, run_end::failed);
  EXPECT_EQ(ending_of({}, end).text, "why");
  for (auto* how : {"done", "refused", "handed_back", "cancelled"})
    EXPECT_EQ(to_string(read_end(said("holdfast.ended", {"a", 2, how})).how), how);
  for (auto* how : {"timed_out", "never_fits", ""})
    EXPECT_EQ(refusal([&] { read_end(said("holdfast.ended", {"a", 2, how})); }), errc::bad_frame);
  EXPECT_EQ(refusal([] { read_end(said("holdfast.ended", {"a", -2, "done"})); }), errc::bad_frame);
}

TEST(foreign_work_words, ARunIsToldInValues) {
  auto given = order(payload_kind::values, 0, encode_values({7}, dict{{"dpi", 300}}));
  given.timeout_ns = 1'500'000'000;
  given.checkpoint = "600";
  EXPECT_EQ(words_of_run(given), (array{"a", 2, "pages.render", array{7},
                                        dict{{"attempt", 1},
                                             {"run", 1},
                                             {"slots", 1},
                                             {"checkpoint", "600"},
                                             {"named", dict{{"dpi", 300}}},
                                             {"timeout", 1.5}}}));
}

TEST(foreign_work_words, ATypedRunIsTranslatedByAProgramThatKnowsIt) {
  know_signature<double, std::string, std::int16_t>();
  auto known = order(payload_kind::arguments, fingerprint<double, std::string, std::int16_t>(),
                     encode_arguments(std::string("a.pdf"), std::int16_t{3}));
  EXPECT_EQ(words_of_run(known)[3], value(array{"a.pdf", 3}));
  auto ending = ending_of(known, {{"a", 2}, run_end::done, 2.5});
  EXPECT_EQ(decode<double>(ending.value, "the result"), 2.5);
  ending = ending_of(known, {{"a", 2}, run_end::done, "two"});
  EXPECT_EQ(ending.how, run_end::failed);
  EXPECT_TRUE(ending.text.starts_with("it ran, but its result cannot be taken: ")) << ending.text;
  known.fingerprint = fingerprint<std::int8_t, std::int8_t, float>();
  EXPECT_EQ(refusal([&] { words_of_run(known); }), errc::undecodable);
}

TEST(foreign_work_words, AResultThatIsTooLargeIsAFailure) {
  auto ending = ending_of(order(payload_kind::values, 0, {}),
                          {{"a", 2}, run_end::done, std::string(work::item_bytes_max, 'x')});
  EXPECT_EQ(ending.how, run_end::failed);
  EXPECT_TRUE(ending.value.empty());
}

TEST(foreign_work_words, ACheckpointComesBackAsItWasSaved) {
  for (auto& saved :
       {value(), value("600"), value("строка\n"), value(std::string("\0value:", 7)), value("\x01"),
        value(binary{std::byte{0}, std::byte{255}}), value(array{1, 2.5, dict{{"a", nullptr}}})})
    EXPECT_EQ(checkpoint_of(bytes_of_checkpoint(saved)), saved) << to_text(saved);
  EXPECT_EQ(bytes_of_checkpoint("600"), "600") << "as a worker in C++ reads it";
  EXPECT_EQ(checkpoint_of("\xFF"), value(binary{std::byte{255}})) << "as one in C++ left it";
}

TEST(foreign_work_words, ProgressIsANumberAndAText) {
  auto progress = read_progress(said("holdfast.progress", {"a", 2, 1, "all"}));
  EXPECT_EQ(progress.part, 1.0);
  EXPECT_EQ(progress.text, "all");
  EXPECT_EQ(refusal([] {
              read_progress(said("holdfast.progress", {"a", 2, "half"}));
            }),
            errc::bad_frame);
}

}  // namespace
}  // namespace holdfast
