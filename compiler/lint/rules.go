package lint

// unusedID is the lint of an acceptance that accepts nothing.
const unusedID = "KC001"

// StaleID is the lint of a kcgen.lock that does not hold all of a spec. Package
// lock finds it.
const StaleID = "KC002"

// rule is one lint. An id stays with its rule for ever: where a rule goes, its
// id is not given to another.
type rule struct {
	id, title string
	find      func(*finder) // nil: found elsewhere
	across    bool          // specs can have it against each other
}

// rules are all lints. To add one, write a function, name it here under the next
// id, and write texts/<id>.txtar.
var rules = []rule{
	{id: unusedID, title: "an acceptance that accepts nothing"},
	{id: StaleID, title: "kcgen.lock does not hold all of the spec"},
	{id: "KC003", title: "failures are tolerated, and nothing keeps them", find: silentLoss},
	{id: "KC004", title: "more tasks than the connector can use", find: idleTasks},
	{id: "KC005", title: "more tasks than the topics have partitions", find: idlePartitions},
	{id: "KC006", title: "an API that everybody in reach may use", find: openREST},
	{id: "KC007", title: "certificates are not verified", find: unverified},
	{id: "KC008", title: "credentials in the clear", find: clearCredentials},
	{id: "KC009", title: "one replica of a topic that must not be lost", find: oneReplica},
	{id: "KC010", title: "dead letters that do not say why", find: silentLetters},
	{id: "KC011", title: "a pause longer than the time for tries", find: longPause},
	{id: "KC012", title: "a delivery time-out that one request outlasts", find: shortDelivery},
	{id: "KC013", title: "a session that few lost heartbeats end", find: shortSession},
	{id: "KC014", title: "two captures on one replication slot", find: sameSlot, across: true},
	{id: "KC015", title: "two captures with one server id", find: sameServerID, across: true},
	{id: "KC016", title: "two captures with one schema history", find: sameHistory, across: true},
	{id: "KC017", title: "two captures with one topic prefix", find: samePrefix, across: true},
	{id: "KC018", title: "two sinks in one consumer group", find: sameGroup, across: true},
	{id: "KC019", title: "two pipelines in one worker group", find: sameWorkers, across: true},
	{id: "KC020", title: "two connectors with one dead letter queue", find: sameQueue, across: true},
	{id: "KC021", title: "two sinks with one file", find: sameFile, across: true},
	{id: "KC022", title: "two sources with one name in one topic of offsets", find: sameName, across: true},
	{id: "KC023", title: "a sink cannot read what a source writes", find: unreadable, across: true},
	{id: "KC024", title: "two sources fill one topic in two formats", find: twoFormats, across: true},
	{id: "KC025", title: "dead letters in a topic of data", find: mixedLetters, across: true},
	{id: "KC026", title: "rows that may come twice", find: twiceRows},
	{id: "KC027", title: "reading begins at the end", find: fromTheEnd},
	{id: "KC028", title: "records of open transactions are read", find: openTransactions, across: true},
	{id: "KC029", title: "a slot that is dropped at each stop", find: droppedSlot},
	{id: "KC030", title: "a pattern that matches the worker's own topics", find: ownTopics},
	{id: "KC031", title: "a secret in the spec", find: literalSecret},
	{id: "KC032", title: "values that are left out in silence", find: skippedValues},
	{id: "KC033", title: "a topic that refuses every record", find: tooFewReplicas},
	{id: "KC034", title: "passwords over HTTP", find: openPasswords},
	{id: "KC035", title: "settings that reach no connector", find: deadSettings},
	{id: "KC036", title: "a group of topics that no topic is of", find: deadGroup},
	{id: "KC037", title: "a quiet database keeps its log", find: noHeartbeat},
	{id: "KC038", title: "a transaction that brokers do not allow", find: longTransaction},
	{id: "KC039", title: "whole tables are read again every few seconds", find: busyBulk},
	{id: "KC040", title: "a snapshot at each start", find: eachStart},
	{id: "KC041", title: "records that go round for ever", find: loop, across: true},
	{id: "KC042", title: "a limit that another one hides", find: hiddenLimit},
	{id: "KC043", title: "rows that are committed late are passed over", find: lateRows},
	{id: "KC044", title: "long values that a placeholder replaces", find: placeholders, across: true},
	{id: "KC045", title: "times that lose their microseconds", find: shortTimes},
	{id: "KC046", title: "numbers that nobody can read", find: hiddenDecimals},
	{id: "KC047", title: "deletes that a sink refuses", find: refusedDeletes, across: true},
}
