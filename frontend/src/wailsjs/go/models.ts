export namespace app {
	
	export interface Info {
	    shell: string;
	    view: string;
	}
	export interface Task {
	    id: number;
	    title: string;
	}

}

