export namespace app {
	
	export interface Error {
	    code: string;
	    message: string;
	    hint: string;
	    reference: string;
	}
	export interface Result {
	    id: string;
	    path: string;
	    done: boolean;
	    error?: Error;
	}
	export interface Act {
	    op: string;
	    done: number;
	    refused: number;
	    sentence: string;
	    results: Result[];
	}
	export interface AddRequest {
	    paths: string[];
	    task: boolean;
	    type: string;
	    assign: string;
	    comment: string;
	}
	export interface AssignRequest {
	    ids: string[];
	    to: string;
	    convert: boolean;
	    reason: string;
	    override: boolean;
	}
	export interface StatusInfo {
	    id: string;
	    key: string;
	    name: string;
	    label: string;
	    category: string;
	    colour: string;
	    shape: string;
	    hidden: boolean;
	    wipLimit: number;
	    asksNote: boolean;
	    asksImage: boolean;
	}
	export interface AtStatus {
	    status: StatusInfo;
	    count: number;
	}
	export interface Share {
	    status: string;
	    count: number;
	}
	export interface Stop {
	    status: string;
	    message: string;
	}
	export interface Row {
	    key: string;
	    kind: string;
	    id: string;
	    parent: string;
	    name: string;
	    path: string;
	    depth: number;
	    expanded: boolean;
	    hasChildren: boolean;
	    state: string;
	    notYours: boolean;
	    status: string;
	    statusSince: number;
	    assignee: string;
	    roadUntil: number;
	    roadOver: boolean;
	    type: string;
	    tags: string[];
	    priority: number;
	    due: string;
	    estimateMin: number;
	    head: string;
	    checkpoints: number;
	    notes: number;
	    parked: number;
	    bytes: number;
	    saved: number;
	    preview: string;
	    moves: string[];
	    stops: Stop[];
	    can: string[];
	    shared: boolean;
	    count: number;
	    bar: Share[];
	    faces: string[];
	}
	export interface Column {
	    status: string;
	    total: number;
	    cards: Row[];
	}
	export interface BoardView {
	    seq: number;
	    total: number;
	    columns: Column[];
	}
	export interface ListRequest {
	    view: string;
	    query: string;
	    collection: string;
	    expanded: string[];
	    assignees: string[];
	    types: string[];
	    tags: string[];
	    statuses: string[];
	    states: string[];
	    sort: string;
	    flat: boolean;
	    offset: number;
	    limit: number;
	}
	export interface CardsRequest {
	    list: ListRequest;
	    status: string;
	}
	export interface CheckpointRequest {
	    ids: string[];
	    comment: string;
	    image: string;
	    status: string;
	    anyway: boolean;
	}
	export interface Link {
	    row: Row;
	    via: string;
	}
	export interface ClosureView {
	    items: Link[];
	    bytes: number;
	}
	
	export interface Counts {
	    default: number;
	    my: number;
	    assigned: number;
	    unassigned: number;
	    modified: number;
	    untracked: number;
	    outdated: number;
	    missing: number;
	    parked: number;
	    parkedOpen: number;
	}
	export interface Note {
	    id: string;
	    text: string;
	    author: string;
	    at: number;
	    checkpoint: string;
	    doneBy: string;
	    canTick: boolean;
	}
	export interface Details {
	    row: Row;
	    description: string;
	    preview: string;
	    made: number;
	    madeBy: string;
	    fileBytes: number;
	    fileChanged: number;
	    base: string;
	    holder: string;
	    arriving: boolean;
	    checkpointRefusal?: Error;
	    needs: Link[];
	    neededBy: Link[];
	    notes: Note[];
	}
	
	export interface HistoryItem {
	    key: string;
	    seq: number;
	    kind: string;
	    sentence: string;
	    text: string;
	    actor: string;
	    at: number;
	    status: string;
	    from: string;
	    checkpoint: string;
	    checkpointID: string;
	    dropped: boolean;
	    unsent: boolean;
	    bytes: number;
	    newBytes: number;
	    preview: string;
	    notes: Note[];
	}
	export interface History {
	    items: HistoryItem[];
	    more: boolean;
	    due: boolean;
	    story: string;
	}
	
	export interface HistoryRequest {
	    id: string;
	    filter: string;
	    before: number;
	    limit: number;
	}
	export interface InboxItem {
	    id: string;
	    kind: string;
	    code: string;
	    asset: string;
	    path: string;
	    verdict: string;
	    message: string;
	    hint: string;
	    at: number;
	    closable: boolean;
	}
	export interface Job {
	    id: string;
	    kind: string;
	    title: string;
	    phase: string;
	    done: number;
	    total: number;
	    perSecond: number;
	    remainingMs: number;
	    newBytes: number;
	    safe: boolean;
	    ended: boolean;
	    error?: Error;
	    act: Act;
	    labels: string[];
	    project: string;
	}
	export interface JoinRequest {
	    address: string;
	    username: string;
	    name: string;
	    password: string;
	}
	export interface KnownProject {
	    id: string;
	    name: string;
	    path: string;
	    missing: boolean;
	    problem: string;
	    seen: number;
	    tasks: number;
	    mine: number;
	    preview: string;
	    bar: AtStatus[];
	}
	
	export interface List {
	    seq: number;
	    total: number;
	    assets: number;
	    all: number;
	    offset: number;
	    rows: Row[];
	}
	
	export interface Member {
	    id: string;
	    username: string;
	    name: string;
	    email: string;
	    role: string;
	    title: string;
	    department: string;
	    me: boolean;
	    gone: boolean;
	    hue: number;
	    avatar: string;
	}
	export interface MoveRequest {
	    ids: string[];
	    status: string;
	    before: string;
	    after: string;
	    notes: string[];
	    reason: string;
	}
	export interface NewRequest {
	    parent: string;
	    name: string;
	    collection: boolean;
	    task: boolean;
	    type: string;
	    tags: string[];
	    assign: string;
	}
	
	export interface ParkedVerb {
	    verb: string;
	    consequence: string;
	    refusal?: Error;
	}
	export interface ParkedSide {
	    label: string;
	    author: string;
	    at: number;
	    comment: string;
	    status: string;
	    bytes: number;
	    preview: string;
	}
	export interface ParkedItem {
	    id: string;
	    asset: string;
	    name: string;
	    path: string;
	    kind: string;
	    type: string;
	    assignee: string;
	    state: string;
	    title: string;
	    reason: string;
	    base: string;
	    labels: string[];
	    current: ParkedSide;
	    parked: ParkedSide;
	    verbs: ParkedVerb[];
	}
	
	
	export interface ParkedView {
	    seq: number;
	    items: ParkedItem[];
	    more: number;
	}
	export interface PreparedFile {
	    id: string;
	    name: string;
	    path: string;
	    type: string;
	    state: string;
	    status: string;
	    next: string;
	    bytes: number;
	    headBytes: number;
	    preview: string;
	    openNotes: Note[];
	    refusal?: Error;
	}
	export interface Prepared {
	    files: PreparedFile[];
	    moves: string[];
	    size: number;
	}
	
	export interface Profile {
	    id: string;
	    username: string;
	    name: string;
	}
	export interface TagCount {
	    tag: string;
	    count: number;
	}
	export interface TypeInfo {
	    id: string;
	    name: string;
	    icon: string;
	    colour: string;
	}
	export interface Project {
	    id: string;
	    name: string;
	    path: string;
	    seq: number;
	    readOnly: string;
	    me: Member;
	    can: string[];
	    members: Member[];
	    statuses: StatusInfo[];
	    types: TypeInfo[];
	    tags: TagCount[];
	    undo: string;
	    redo: string;
	}
	
	export interface RiskView {
	    id: string;
	    holder: string;
	    sentence: string;
	    road: boolean;
	}
	export interface RoadItem {
	    id: string;
	    path: string;
	    via: string;
	    bytes: number;
	    here: boolean;
	    new: boolean;
	    problem: string;
	}
	export interface RoadView {
	    items: RoadItem[];
	    more: number;
	    files: number;
	    bytes: number;
	    missing: number;
	    toFetch: number;
	    free: number;
	}
	
	export interface SetRequest {
	    ids: string[];
	    type?: string;
	    addTags: string[];
	    removeTags: string[];
	    due?: string;
	    priority?: number;
	    estimateMin?: number;
	    description?: string;
	}
	
	export interface Start {
	    shell: string;
	    view: string;
	    project: string;
	    profile: Profile;
	    version: string;
	    separator: string;
	    home: string;
	    asked: string;
	    problem?: Error;
	}
	
	export interface StatusRequest {
	    ids: string[];
	    status: string;
	    notes: string[];
	    reason: string;
	}
	
	export interface StudioProject {
	    id: string;
	    name: string;
	    path: string;
	}
	export interface StudioServer {
	    server: string;
	    username: string;
	}
	export interface Suggestion {
	    member: Member;
	    open: number;
	    retakes: number;
	    reason: string;
	    holds: boolean;
	    match: number[];
	}
	export interface SyncView {
	    remote: boolean;
	    state: string;
	    unsent: number;
	    need: number;
	    server: string;
	    sentence: string;
	    nth: number;
	}
	

}

