// Each test owns the machine's disk and processors while it runs: timings and fsyncs of another would disturb it.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
