//! One conformance suite that every store of the journal passes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bucket;
mod folder;
mod suite;

/// Declares the whole suite for one store. `$open` gives a fresh journal and whatever must outlive it.
macro_rules! conformance {
    ($store:ident, $open:path) => {
        mod $store {
            conformance!(@cases $open,
                an_entry_is_read_back_as_it_was_written,
                a_second_create_is_told_the_others_entry,
                our_own_bytes_again_count_as_created,
                what_does_not_exist_is_none,
                of_32_writers_exactly_one_wins,
                an_empty_journal_has_no_newest_entry,
                the_newest_entry_is_found_at_every_length,
                sites_do_not_see_each_other,
                numbers_out_of_range_are_refused_for_good,
            );
        }
    };
    (@cases $open:path, $($case:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                let (journal, _alive) = $open().await;
                crate::suite::$case(journal).await;
            }
        )*
    };
}

conformance!(memory, crate::suite::in_memory);
conformance!(folder_store, crate::folder::fresh);
conformance!(bucket_store, crate::bucket::fresh);
