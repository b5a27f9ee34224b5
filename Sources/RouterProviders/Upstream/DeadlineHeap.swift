/// What is due next, of things that are named by small integers: a binary heap in which each knows its place.
///
/// Setting and removing cost the logarithm of how many wait; looking costs nothing. Each name is in it once at most.
struct DeadlineHeap {
    private struct Entry {
        var due: Moment
        var id: Int
    }

    /// The earliest first; the two below place `n` are at `2n + 1` and `2n + 2`, and not earlier.
    private var entries: [Entry] = []
    /// Where each name is in ``entries``; -1 when it is not.
    private var places: [Int] = []

    /// The earliest of all; `nil` when none waits.
    var earliest: (id: Int, due: Moment)? {
        entries.first.map { ($0.id, $0.due) }
    }

    var count: Int { entries.count }

    /// Makes `id` due at `due`, whether it waited before or not.
    ///
    /// - Parameter id: not negative; memory is used for all names up to it.
    mutating func set(_ id: Int, due: Moment) {
        if id >= places.count {
            places.append(contentsOf: repeatElement(-1, count: id + 1 - places.count))
        }
        let place = places[id]
        if place >= 0 {
            let isLater = due > entries[place].due
            entries[place].due = due
            if isLater { sink(place) } else { rise(place) }
        } else {
            places[id] = entries.count
            entries.append(Entry(due: due, id: id))
            rise(entries.count - 1)
        }
    }

    /// Forgets `id`; nothing happens when it does not wait.
    mutating func remove(_ id: Int) {
        guard id < places.count, places[id] >= 0 else { return }
        let place = places[id]
        places[id] = -1
        let last = entries.removeLast()
        guard place < entries.count else { return }
        entries[place] = last
        places[last.id] = place
        rise(place)
        sink(places[last.id])
    }

    private mutating func rise(_ start: Int) {
        var place = start
        let entry = entries[place]
        while place > 0, entry.due < entries[(place - 1) / 2].due {
            put(entries[(place - 1) / 2], at: place)
            place = (place - 1) / 2
        }
        put(entry, at: place)
    }

    private mutating func sink(_ start: Int) {
        var place = start
        let entry = entries[place]
        while true {
            var child = 2 * place + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].due < entries[child].due { child += 1 }
            guard entries[child].due < entry.due else { break }
            put(entries[child], at: place)
            place = child
        }
        put(entry, at: place)
    }

    private mutating func put(_ entry: Entry, at place: Int) {
        entries[place] = entry
        places[entry.id] = place
    }
}
