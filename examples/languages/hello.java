// Java, compiled behind the walls. The file may have any name: a public class gives it its own inside.
public class Hello {
    public static void main(String[] arguments) {
        System.out.println("hello from java");
    }
}
