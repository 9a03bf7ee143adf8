/** Files on their way, kept by the browser until the server has them, so that a reload loses none. */

const STORE = 'files'

export interface KeptFile {
  key: string
  file: File
  at: string
}

export class FileStore {
  private opened: Promise<IDBDatabase> | null = null

  constructor(private readonly name: string) {}

  /** In the order in which they were chosen; none where the browser keeps nothing. */
  async all(): Promise<KeptFile[]> {
    try {
      const found = await this.ask<KeptFile[]>('readonly', (store) => store.getAll())
      return found.sort((one, other) => one.at.localeCompare(other.at))
    } catch {
      return []
    }
  }

  /** Whether it will be here after a reload. */
  async put({ key, file, at }: KeptFile): Promise<boolean> {
    try {
      await this.ask('readwrite', (store) => store.put({ key, file, at }))
      return true
    } catch {
      return false
    }
  }

  async done(key: string): Promise<void> {
    try {
      await this.ask('readwrite', (store) => store.delete(key))
    } catch {
      // it was never kept
    }
  }

  private async ask<Answer>(
    mode: IDBTransactionMode,
    question: (store: IDBObjectStore) => IDBRequest<Answer>,
  ): Promise<Answer> {
    this.opened ??= open(this.name)
    return settled(question((await this.opened).transaction(STORE, mode).objectStore(STORE)))
  }
}

function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'key' })
  return settled(request)
}

function settled<Answer>(request: IDBRequest<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('not kept'))
  })
}
