// Shuffles of the samples of a data set: which sample comes at which place. Integers only. Variants:
//   fisher_yates    exchanges on one invocation; words become places by rejection, or with a bias
//   sort            sorted by a random word each, ties broken by number: the launch changes nothing
//   ties_by_launch  sorted by counting, ties in the order of the invocations that hold them: depends on the launch
//   atomic_ties     sorted by counting, ties in the order in which atomics come: no order is defined
// (The loaders run on the CPU's threads and have no shader.)

//#if FISHER_YATES
//#include shared/fisher_yates.wgsl
//#endif
//#if SORT
//#include shared/sort_by_key.wgsl
//#endif
//#if TIES
//#include shared/sort_with_ties.wgsl
//#endif
